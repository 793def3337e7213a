import fs from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { checkPages } from '../../../components/postgres/page-checksum';
import { openSlice, rootDirs } from '../../../components/tree/read';
import type { Slice } from '../../../domain/tree';
import { readBytes } from '../../../repository/packs/slice-reader';
import { readOne } from './round-trip';
import { bytes, temporaryFolder } from './sample';

/** Small, so that a fitting checksum is soon found; nothing here depends on it. */
const pageSize = 256;
const pages = 200;
const firstBlock = 131_072;
let folder: string;

/** A page that is right for its block: the checksum is found by asking the judge. */
function page(block: number): Buffer {
  const made = bytes(pageSize, block);
  made.fill(0, 0, 8); // an old LSN
  for (let sum = 0; sum < 65_536; sum++) {
    made.writeUInt16LE(sum, 8);
    if (checkPages(made, pageSize, block, pageSize, 'FF/0').length === 0) return made;
  }
  throw new Error('no checksum fits');
}

const some = new Map([3, 150].map((number) => [number, page(firstBlock + number)]));

function slice(part: Partial<Slice> = {}): Slice {
  const stamp = { size: pages * pageSize, ino: '1', mtimeNs: '1', ctimeNs: '1' };
  const check = { kind: 'postgres-pages', pageSize, firstBlock, startLsn: 'FF/0' } as const;
  return { root: 'data', path: 'rel', offset: 0, length: pages * pageSize, stamp, check, mayChange: true, ...part };
}

const dirs = () => rootDirs({ data: folder });
const file = () => path.join(folder, 'rel');

beforeEach(() => {
  folder = temporaryFolder();
  const contents = Buffer.alloc(pages * pageSize);
  for (const [number, one] of some) one.copy(contents, number * pageSize);
  fs.writeFileSync(file(), contents);
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

function spoil(number: number): void {
  const fd = fs.openSync(file(), 'r+');
  fs.writeSync(fd, 'spoilt', number * pageSize + 100);
  fs.closeSync(fd);
}

test('right pages and empty ones are read without remark, also from the middle', () => {
  expect(readOne(slice(), dirs()).slice.badBlocks).toBeUndefined();
  const middle = { offset: 128 * pageSize, length: 72 * pageSize };
  expect(readOne(slice(middle), dirs()).slice.badBlocks).toBeUndefined();
});

test('a page that stays wrong is named by its block, and its bytes are stored as they are', () => {
  spoil(150);
  const read = readOne(slice(), dirs());
  expect(read.slice).toMatchObject({ outcome: 'ok', badBlocks: [firstBlock + 150] });
  expect(read.bytes.equals(fs.readFileSync(file()))).toBe(true);
});

test('a page that was torn when it was first read is read again, and what is stored is right', async () => {
  const right = fs.readFileSync(file());
  spoil(3);
  const script = `
    const { workerData } = require('node:worker_threads');
    const fs = require('node:fs');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 15);
    fs.writeFileSync(workerData.file, workerData.right, { flag: 'r+' });
  `;
  // Mends the page while this thread reads: as the server does that is in the middle of writing it.
  const server = new Worker(script, { eval: true, workerData: { file: file(), right } });
  await new Promise((resolve) => server.once('online', resolve));
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const read = readOne(slice(), dirs());
  await ended;
  expect(read.slice.badBlocks).toBeUndefined();
  expect(read.bytes.equals(right)).toBe(true);
});

test('a torn end of the file is stored and not judged', () => {
  fs.appendFileSync(file(), 'part of a page');
  const length = pages * pageSize + 14;
  expect(readOne(slice({ length }), dirs()).slice).toMatchObject({ outcome: 'ok', length });
});

test('a control file whose checksum never holds is an error', () => {
  fs.writeFileSync(file(), bytes(8192));
  const reader = openSlice(slice({ length: 8192, check: { kind: 'postgres-control' } }), dirs());
  expect(() => reader.read(Buffer.alloc(readBytes))).toThrow(expect.objectContaining({ code: 'source_unreadable' }));
  reader.finish();
});

test('on a worker thread no descriptor is closed that Node did not open there', async () => {
  const script = `
    const { workerData, parentPort } = require('node:worker_threads');
    const { openSlice, rootDirs } = require(workerData.tree + '/read.js');
    const { openPlacer } = require(workerData.tree + '/place.js');
    const warnings = [];
    process.on('warning', (one) => warnings.push(String(one)));
    const reader = openSlice(workerData.slice, rootDirs({ data: workerData.folder }));
    const buffer = Buffer.alloc(1024 * 1024);
    const placer = openPlacer(rootDirs({ data: workerData.folder + '/made' }));
    const sink = placer.open({ ...workerData.slice, path: 'a/b/c' });
    sink.write(buffer.subarray(0, reader.read(buffer)), 0);
    placer.close();
    reader.finish();
    setTimeout(() => parentPort.postMessage(warnings), 20);
  `;
  const tree = path.join(__dirname, '../../../components/tree');
  const worker = new Worker(script, { eval: true, workerData: { tree, folder, slice: slice() } });
  expect(await new Promise((resolve) => worker.once('message', resolve))).toEqual([]);
  await worker.terminate();
});
