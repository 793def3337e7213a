/** The small parts of a base backup over the protocol, without a server. */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32c } from '@node-rs/crc32';
import { entryOf, readArchive, topOf } from '../../../../components/postgres/base-backup/archive';
import { Backlog } from '../../../../components/postgres/base-backup/backlog';
import { baseBackupCommand } from '../../../../components/postgres/base-backup/command';
import { SentFiles } from '../../../../components/postgres/base-backup/server-manifest';

test('a label cannot end its quotes', () => {
  expect(baseBackupCommand("a'b")).toMatch(/^BASE_BACKUP \(LABEL 'a''b', /);
});

describe('the backlog', () => {
  const filled = () => {
    const told: string[] = [];
    const backlog = new Backlog<number>(10, { hold: () => told.push('hold'), letGo: () => told.push('let go') });
    return { told, backlog };
  };

  test('holds the sender above its limit, once, and lets it go when half was taken', async () => {
    const { told, backlog } = filled();
    for (const one of [1, 2, 3, 4]) backlog.put(one, 4);
    expect(told).toEqual(['hold']);
    const reader = backlog[Symbol.asyncIterator]();
    for (const one of [1, 2]) expect(await reader.next()).toEqual({ done: false, value: one });
    expect(told).toEqual(['hold']);
    await reader.next();
    expect(told).toEqual(['hold', 'let go']);
  });

  test('gives what came before the end, and then why it ended', async () => {
    const { backlog } = filled();
    const taken: number[] = [];
    const reading = (async () => {
      for await (const one of backlog) taken.push(one);
    })();
    backlog.put(1, 1);
    await sleep(1);
    backlog.put(2, 1);
    backlog.end(new Error('cut off'));
    await expect(reading).rejects.toThrow('cut off');
    expect(taken).toEqual([1, 2]);
  });
});

describe("the server's manifest", () => {
  const hex = (bytes: Buffer) => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(crc32c(bytes));
    return sum.toString('hex');
  };
  const [one, two] = [Buffer.from('one'), Buffer.from('second')];
  const text = (sum: string) => `{ "PostgreSQL-Backup-Manifest-Version": 2,
"System-Identifier": 1,
"Files": [
{ "Path": "a, ]", "Size": 3, "Last-Modified": "x", "Checksum-Algorithm": "CRC32C", "Checksum": "${hex(one)}" },
{ "Encoded-Path": "ff", "Size": 6, "Last-Modified": "x", "Checksum-Algorithm": "CRC32C", "Checksum": "${sum}" }
],
"WAL-Ranges": [
{ "Timeline": 1, "Start-LSN": "0/2000028", "End-LSN": "0/2000100" }
],
"Manifest-Checksum": "00"}
`;
  /** In pieces that end anywhere. */
  async function* pieces(whole: string): AsyncGenerator<Buffer> {
    for (let at = 0; at < whole.length; at += 7) yield Buffer.from(whole.slice(at, at + 7));
  }
  const sent = (...files: [Buffer, Buffer][]) => {
    const all = new SentFiles();
    for (const [path, bytes] of files) all.add(path, bytes.length, crc32c(bytes));
    return all;
  };
  const first: [Buffer, Buffer] = [Buffer.from('a, ]'), one];
  const second: [Buffer, Buffer] = [Buffer.from([0xff]), two];

  test('agrees with files that came as they were sent', async () => {
    await sent(first, second).compare(pieces(text(hex(two))));
  });

  test.each([
    ['a file with other bytes', sent(first, second), hex(one)],
    ['a file that did not come', sent(first), hex(two)],
    ['a file too many', sent(first, second, [Buffer.from('c'), one]), hex(two)],
    ['another name', sent(first, [Buffer.from([0xfe]), two]), hex(two)],
    ['another order', sent(second, first), hex(two)],
  ])('notices %s', async (_what, files, sum) => {
    await expect(files.compare(pieces(text(sum)))).rejects.toMatchObject({ code: 'source_unreadable' });
  });

  test('holds more files than it made room for', async () => {
    const many = new SentFiles();
    const lines: string[] = [];
    for (let n = 0; n < 5000; n++) {
      many.add(Buffer.from(`f${n}`), n, n);
      const sum = Buffer.alloc(4);
      sum.writeUInt32LE(n);
      lines.push(`{ "Path": "f${n}", "Size": ${n}, "Checksum": "${sum.toString('hex')}" }`);
    }
    await many.compare(pieces(lines.join(',\n')));
  });
});

test.each([
  ['bytes that are none', Buffer.alloc(2048, 'x')],
  ['one that ends too early', Buffer.concat([tarHead('whole', 5000), Buffer.alloc(100)])],
])('an archive: %s are refused', async (_what, bytes) => {
  const reading = (async () => {
    for await (const { body } of readArchive(Readable.from([bytes]))) for await (const _ of body);
  })();
  await expect(reading).rejects.toMatchObject({ code: 'source_unreadable' });
});

/** Of a file, as the server writes it. */
function tarHead(name: string, size: number): Buffer {
  const head = Buffer.alloc(512);
  head.write(name, 0);
  for (const [text, at] of [
    ['0000600', 100],
    ['0000001', 108],
    ['0000001', 116],
    [size.toString(8).padStart(11, '0'), 124],
    ['00000000001', 136],
    ['        ', 148],
    ['0', 156],
    ['ustar\0' + '00', 257],
  ] as const)
    head.write(text, at);
  const sum = head.reduce((all, byte) => all + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return head;
}

describe('a member of an archive', () => {
  const header = {
    name: 'base/5/1259',
    type: 'file' as const,
    mode: 0o640,
    uid: 7,
    gid: 8,
    size: 5,
    mtime: new Date(1000),
  };

  test('becomes an entry: names need not be UTF-8, links are left out', () => {
    const { name: _, ...rest } = header;
    expect(entryOf('data', { ...rest, name: 'base/5/1259' })).toMatchObject({
      path: 'base/5/1259',
      mtimeNs: '1000000000',
    });
    expect(entryOf('data', { ...rest, name: '\xff' })).toMatchObject({ path: { b64: '/w==' } });
    expect(entryOf('data', { ...rest, name: 'base/5/', type: 'directory' })).toMatchObject({ path: 'base/5', size: 0 });
    expect(entryOf('data', { ...rest, name: 'pg_tblspc/1', type: 'symlink' })).toBeUndefined();
  });

  test.each(['../escape', 'base/../../escape', '/etc/passwd'])('%s is refused', (name) => {
    expect(() => entryOf('data', { ...header, name })).toThrow(expect.objectContaining({ code: 'unsafe_path' }));
  });

  test('the top of a tree is open to the group where its files are', () => {
    const entry = entryOf('data', header);
    const closed = entryOf('data', { ...header, mode: 0o600 });
    expect(entry && topOf(entry)).toMatchObject({ path: '', type: 'directory', mode: 0o750, uid: 7, gid: 8 });
    expect(closed && topOf(closed)).toMatchObject({ mode: 0o700 });
  });
});
