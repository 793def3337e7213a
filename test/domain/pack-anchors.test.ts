import { packBytes } from '../../domain/pack';
import { beginsPack } from '../../domain/pack-anchors';

const names = Array.from({ length: 20_000 }, (_, n) => `base/5/${16384 + n}`);

test('a large file begins a pack, wherever it comes', () => {
  expect(beginsPack('data', 'base/5/1', packBytes / 2)).toBe(true);
  expect(beginsPack('16400', 'PG_15/5/1', packBytes * 3)).toBe(true);
});

test('of small files a few do, always the same ones, and not the same in every tree', () => {
  const chosen = (root: string) => names.filter((name) => beginsPack(root, name, 8192));
  expect(chosen('data').length).toBeGreaterThan(15);
  expect(chosen('data').length).toBeLessThan(90);
  expect(chosen('data')).toEqual(chosen('data'));
  expect(chosen('16400')).not.toEqual(chosen('data'));
});
