import { refuseUnsafe } from '../../../domain/retention/guards';
import { refuseClocks, refuseListing } from '../../../domain/retention/refuse';
import { head, now, view } from './heads';

const code = (of: string) => expect.objectContaining({ code: of });
const minute = 60_000;

test('clocks that disagree by more than five minutes are refused, those that do not are not', () => {
  const store = (offset: number) => ({ store: 'near', now: now + offset });
  expect(() => refuseClocks([store(6 * minute)], now)).toThrow(code('clocks_disagree'));
  expect(() => refuseClocks([store(0), store(-6 * minute)], now)).toThrow(code('clocks_disagree'));
  expect(() => refuseClocks([store(4 * minute)], now)).not.toThrow();
});

describe('a listing', () => {
  const none = new Map<string, string[]>();
  const heads = Array.from({ length: 20 }, (_, at) => head(`b${at}`, at + 1));
  const ids = new Map([['near', heads.map(({ id }) => id)]]);

  test('that is empty, or damaged, is not believed', () => {
    expect(() => refuseListing([view([])], 'dc01', none, 1)).toThrow(code('listing_incomplete'));
    expect(() => refuseListing([view([], { holdsBackups: false })], 'dc01', none, 1)).toThrow(
      code('listing_incomplete'),
    );
    expect(() => refuseListing([view(heads, { damaged: ['x'] })], 'dc01', none, 1)).toThrow(code('catalog_damaged'));
  });

  test('that lacks more than the share of what was there is not believed', () => {
    expect(() => refuseListing([view(heads.slice(2))], 'dc01', ids, 0.1)).not.toThrow();
    expect(() => refuseListing([view(heads.slice(3))], 'dc01', ids, 0.1)).toThrow(code('listing_incomplete'));
  });

  test('without a memory is judged by the other stores', () => {
    const both = heads.map((one) => ({ ...one, stores: ['near', 'far'] }));
    const far = (some: typeof heads) => view(some, { store: 'far' });
    expect(() => refuseListing([view(both), far(both)], 'dc01', none, 0.1)).not.toThrow();
    expect(() => refuseListing([view(both), far(both.slice(5))], 'dc01', none, 0.1)).toThrow(
      code('listing_incomplete'),
    );
    expect(() => refuseListing([view(heads), far(both.slice(5))], 'dc01', none, 0.1)).not.toThrow();
  });
});

test('a plan that would leave too little is refused, whatever made it', () => {
  const heads = [head('a', 2, { provenAt: 'x' }), head('b', 1)];
  const expire = (...ids: string[]) => ids.map((backupId) => ({ backupId, action: 'expire' as const, reasons: [] }));
  expect(() => refuseUnsafe(heads, expire(), 2, now)).not.toThrow();
  expect(() => refuseUnsafe(heads, expire('b'), 1, now)).toThrow(/last completed backup of files/);
  expect(() => refuseUnsafe(heads, expire('a'), 1, now)).toThrow(/last proven backup of files/);
  expect(() => refuseUnsafe(heads, expire('a'), 2, now)).toThrow(/1 completed backups of files would be left/);
});
