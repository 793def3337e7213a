/** What the README tells people to type exists, and what it points to is there. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { buildProgram } from '../../client/program';
import { parseConfig } from '../../domain/config/parse';
import { read, root } from './tree';

const readme = read('README.md');
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, text]) => text as string);
const lines = blocks('sh').flatMap((block) => block.split('\n'));

test('it leads with the demo and the tests, and every npm script it names exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = [...readme.matchAll(/\bnpm (?:run (?:-s )?)?([a-z:]+)/g)].map(([, name]) => name as string);
  expect(named.slice(0, 2)).toEqual(['demo', 'test']);
  expect([...new Set(named)].filter((name) => scripts[name] === undefined)).toEqual([]);
});

test('every command of ours that it names exists, with every option', () => {
  const commands = lines.filter((line) => line.startsWith('holdfast '));
  expect(commands.length).toBeGreaterThan(10);
  for (const line of commands) {
    const words = (line.split(/\s+#/)[0] as string).trim().split(/\s+/).slice(1);
    const { command, known } = commandOf(words);
    const options = words.filter((word) => word.startsWith('--'));
    expect({ line, unknown: options.filter((option) => !known.includes(option)) }).toEqual({ line, unknown: [] });
    expect({ line, found: command.commands.length === 0 }).toEqual({ line, found: true });
  }
});

function commandOf(words: string[]): { command: Command; known: string[] } {
  let command: Command = buildProgram();
  const known: string[] = [];
  for (const word of ['', ...words]) {
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined && word !== '') break;
    command = next ?? command;
    known.push(...command.options.map((option) => option.long ?? ''));
  }
  return { command, known };
}

test('its configuration is right', () => {
  const [text] = blocks('yaml');
  expect(parseConfig(text as string, '/etc/holdfast/holdfast.yaml', {}).config.system).toBe('shop');
});

test('the example of the last line has exactly the keys that the demo answers with', () => {
  const keys = [
    'target',
    'kills',
    'rowsExpected',
    'rowsFound',
    'rpoSeconds',
    'rtoSeconds',
    'seconds',
    'report',
    'restored',
  ];
  expect(Object.keys(JSON.parse(blocks('json')[0] as string))).toEqual(keys);
});

test('every link within the project leads somewhere', () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link as string);
  expect(links.length).toBeGreaterThan(8);
  expect(links.filter((link) => !existsSync(path.join(root, link)))).toEqual([]);
});
