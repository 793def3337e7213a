import { parseConfig } from '../../domain/config/parse';
import type { ComponentConfig } from '../../domain/config/types';
import {
  leastLost,
  type Measured,
  promisedOf,
  recoveryPointMissed,
  recoveryTimeMissed,
  shippingPromised,
} from '../../domain/promised';

const { config } = parseConfig(
  `system: shop
sites:
  dc01:
    components:
      plain: { kind: postgres, connection: host=a, dataDir: /a }
      slow: { kind: postgres, connection: host=a, dataDir: /c, wal: { interval: 30s } }
      strict: { kind: postgres, connection: host=a, dataDir: /b, objectives: { rpo: 5s } }
      files: { kind: files, paths: [/etc] }
      daily: { kind: files, paths: [/srv], objectives: { rpo: 1d, rto: 2h } }
objectives: { rpo: 15m, rto: 30m }
`,
  '/c/holdfast.yaml',
);
const of = (name: string) => promisedOf(config, config.sites['dc01']?.components[name] as ComponentConfig);

test('a component’s own objectives go before the system’s, each by itself', () => {
  expect(of('plain')).toEqual({ rpoSeconds: 900, rtoSeconds: 1800 });
  expect(of('strict')).toEqual({ rpoSeconds: 5, rtoSeconds: 1800 });
  expect(of('daily')).toEqual({ rpoSeconds: 86_400, rtoSeconds: 7200 });
});

test('the system’s recovery point is not promised of files', () => {
  expect(of('files')).toEqual({ rtoSeconds: 1800 });
  expect(promisedOf({}, { kind: 'files', paths: [], probes: [] })).toEqual({});
});

const stored = (store: string, more: Partial<Measured>): Measured => ({ site: 'dc01', component: 'a', store, ...more });
const taking = (seconds: number): Pick<Measured, 'rto'> => ({
  rto: { seconds, dataSeconds: 0, walSeconds: 0, bytes: 0, walBytes: 0, restsOn: 'earlier restores' },
});

test('a recovery point is kept when one store keeps it, and missed when nothing is stored', () => {
  const near = stored('hot', { rpoSeconds: 5 });
  const far = stored('warm', { rpoSeconds: 6 });
  expect(recoveryPointMissed({ rpoSeconds: 5 }, [far, near])).toBe(false);
  expect(recoveryPointMissed({ rpoSeconds: 5 }, [far])).toBe(true);
  expect(recoveryPointMissed({ rpoSeconds: 5 }, [stored('hot', {})])).toBe(true);
  expect(recoveryPointMissed({}, [far])).toBeUndefined();
  expect(leastLost([far, near, stored('cold', {})])).toBe(5);
  expect(leastLost([stored('cold', {})])).toBeUndefined();
});

test('a recovery time is missed when no store keeps it, and unknown before anything can be restored', () => {
  const [quick, slow] = [stored('hot', taking(10)), stored('warm', taking(11))];
  expect(recoveryTimeMissed({ rtoSeconds: 10 }, [quick, slow])).toBe(false);
  expect(recoveryTimeMissed({ rtoSeconds: 10 }, [slow])).toBe(true);
  expect(recoveryTimeMissed({ rtoSeconds: 10 }, [stored('hot', {})])).toBeUndefined();
  expect(recoveryTimeMissed({}, [slow])).toBeUndefined();
});

test('WAL is in the stores within the second, unless it may gather for longer', () => {
  const promised = (name: string) => {
    const component = config.sites['dc01']?.components[name];
    return component?.kind === 'postgres' ? shippingPromised(component) : undefined;
  };
  expect([promised('plain'), promised('slow')]).toEqual([1, 60]);
});
