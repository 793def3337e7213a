/** What the documents say about the project must be so: links lead somewhere, files exist, every code and dependency has its words. */
import path from 'node:path';
import { catalogue } from '../../domain/errors';
import { exists, read, readJson, sources, trackedFiles } from './tree';

const pages = trackedFiles().filter((file) => file.endsWith('.md'));

test('every link between documents leads to a file, and to a heading where it names one', () => {
  const broken = pages.flatMap((page) =>
    [...withoutCode(read(page)).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].flatMap(([, link]) => {
      const [file = '', heading] = String(link).split('#');
      const target = file === '' ? page : path.join(path.dirname(page), file);
      if (!exists(target)) return [`${page}: ${link}`];
      return heading === undefined || anchors(target).includes(heading) ? [] : [`${page}: ${link}`];
    }),
  );
  expect(broken).toEqual([]);
});

test('every file that a document names in code type exists', () => {
  const rooms =
    'client|workflows|activities|workers|domain|components|repository|reports|test|scripts|docs|deploy|bench';
  const named = new RegExp(`\`((?:${rooms})/[\\w./-]+)\``, 'g');
  const missing = pages.flatMap((page) =>
    [...read(page).matchAll(named)].map(([, file]) => String(file)).filter((file) => !exists(file)),
  );
  expect([...new Set(missing)]).toEqual([]);
});

test('every room and every rule of data safety names files and tests', () => {
  const architecture = read('docs/architecture.md');
  for (const room of [
    'domain',
    'repository',
    'components',
    'activities',
    'workflows',
    'workers',
    'client',
    'reports',
  ]) {
    expect(architecture).toContain(`\`${room}/\``);
  }
  const rules = read('docs/data-safety.md')
    .split(/^(?=\*\*[A-F]\d+\. )/m)
    .slice(1);
  expect(rules.length).toBe(31);
  const untested = rules.filter((rule) => !/`test\/[\w./-]+\.test\.ts`|conformance\.ts`/.test(rule));
  expect(untested.map((rule) => rule.slice(0, 40))).toEqual([]);
});

test('every rule that a comment refers to is there', () => {
  const rules = read('docs/data-safety.md');
  const missing = sources().flatMap((file) =>
    [...read(file).matchAll(/data-safety\.md, ([A-F]\d+)/g)]
      .filter(([, rule]) => !rules.includes(`**${rule}. `))
      .map(([, rule]) => `${file}: ${rule}`),
  );
  expect(missing).toEqual([]);
});

describe('troubleshooting', () => {
  const entries = [...read('docs/troubleshooting.md').matchAll(/^### (\S+)$/gm)].map(([, code]) => String(code));

  test('has an entry for every error code that the code can end with', () => {
    const program = sources().filter((file) => !/^(test|bench)\/|^domain\/errors\.ts$|^client\/demo\//.test(file));
    const text = program.map(read).join('\n');
    const used = Object.keys(catalogue).filter((code) => text.includes(`'${code}'`));
    expect(used.length).toBeGreaterThan(40);
    expect(used.filter((code) => !entries.includes(code))).toEqual([]);
  });

  test('has none twice, and none that does not exist', () => {
    expect(new Set(entries).size).toBe(entries.length);
    expect(entries.filter((code) => !(code in catalogue))).toEqual([]);
  });

  test('says of no error that it is retried unless it is, and of every one that is', () => {
    const retried = read('docs/troubleshooting.md').matchAll(/^### (\S+)\nRetried\./gm);
    const wanted = Object.entries(catalogue).filter(([, { retryable }]) => retryable);
    expect([...retried].map(([, code]) => code).sort()).toEqual(wanted.map(([code]) => code).sort());
  });
});

test('every dependency has its line in the decisions, and no other has', () => {
  const { dependencies, devDependencies } = readJson<Record<string, Record<string, string>>>('package.json');
  const told = [...read('docs/decisions/0013-dependencies.md').matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
  expect(told.sort()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).sort());
});

test('decisions are numbered without a hole', () => {
  const numbers = pages.flatMap((page) => page.match(/^docs\/decisions\/(\d{4})-/)?.[1] ?? []).map(Number);
  expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, at) => at + 1));
});

test('the changelog has a place for what comes next', () => {
  expect(read('CHANGELOG.md')).toMatch(/^## \[Unreleased\]$/m);
});

/** As a forge makes them of headings. */
function anchors(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    String(heading)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutCode(text: string): string {
  return text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '');
}
