import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ownerOf } from '../../../components/postgres/owner';
import { putSettings, removeSettings, targetSettings } from '../../../components/postgres/recovery-settings';
import { parseInstant } from '../../../domain/instant';

let dir: string;
const conf = () => readFileSync(path.join(dir, 'postgresql.auto.conf'), 'utf8');
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'hf-set-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

test.each(['', "work_mem = '4MB'\n", "# x\nport = '1'\n"])(
  'what was in the file before (%j) is there after',
  (before) => {
    writeFileSync(path.join(dir, 'postgresql.auto.conf'), before);
    putSettings(dir, ownerOf(dir), { a: "it's", b: '1' });
    putSettings(dir, ownerOf(dir), { a: 'again' });
    expect(conf().startsWith(before)).toBe(true);
    expect(conf()).toMatch(/^a = 'again'$/m);
    expect(conf()).not.toMatch(/^b = /m);
    removeSettings(dir, ownerOf(dir));
    expect(conf()).toBe(before);
  },
);

test('a copy of a server whose commits waited for a receiver waits for it no more, and for others as before', () => {
  const setting = (names: string) => `port = '1'\nsynchronous_standby_names = '${names}'\n`;
  for (const [before, after] of [
    ['FIRST 1 ("holdfast_sys_dc01_database")', ''],
    [`FIRST 2 ("holdfast_sys_dc01_database", "it''s")`, `FIRST 1 ("it''s")`],
    ['FIRST 1 (a)', 'FIRST 1 (a)'],
    ['holdfast_ (what nobody understands', 'holdfast_ (what nobody understands'],
  ] as const) {
    writeFileSync(path.join(dir, 'postgresql.auto.conf'), setting(before));
    putSettings(dir, ownerOf(dir), { a: '1' });
    removeSettings(dir, ownerOf(dir));
    expect(conf()).toBe(setting(after));
  }
});

test('settings that somebody adds behind ours stay', () => {
  putSettings(dir, ownerOf(dir), { a: '1' });
  writeFileSync(path.join(dir, 'postgresql.auto.conf'), "mine = '2'\n", { flag: 'a' });
  removeSettings(dir, ownerOf(dir));
  expect(conf()).toBe("mine = '2'\n");
});

test('taking out what was never put in makes no file', () => {
  removeSettings(dir, ownerOf(dir));
  expect(existsSync(path.join(dir, 'postgresql.auto.conf'))).toBe(false);
});

test('a time target is written as PostgreSQL 15 accepts it, and comes last', () => {
  const at = parseInstant('2026-03-29T02:30:00.123456+02:00');
  const settings = targetSettings({ target: { kind: 'time', at, inclusive: false }, spoolDir: '/s' });
  expect(Object.entries(settings).at(-1)).toEqual(['recovery_target_time', '2026-03-29 00:30:00.123456+00:00']);
  expect(settings).toMatchObject({ recovery_target_inclusive: 'off', recovery_target_action: 'promote' });
});

test('the restore command copies out of a spool of any name', () => {
  const spool = path.join(dir, `a 'b' "c" $d 100%`);
  mkdirSync(spool);
  writeFileSync(path.join(spool, 'SEG'), 'wal');
  const { restore_command: command = '' } = targetSettings({ target: { kind: 'end-of-wal' }, spoolDir: spool });
  const expanded = command.replaceAll(
    /%([fp%])/g,
    (_, one: string) => ({ f: 'SEG', p: path.join(dir, 'out'), '%': '%' })[one] ?? '',
  );
  execFileSync('/bin/sh', ['-c', expanded]);
  expect(readFileSync(path.join(dir, 'out'), 'utf8')).toBe('wal');
});
