import { componentOf, componentRefs, onlySite, restoreOrder, siteInId } from '../../../domain/config/names';
import { nearestName } from '../../../domain/config/nearest';
import { parseConfig } from '../../../domain/config/parse';
import { designExample } from './design-example';

const load = (text: string) => parseConfig(text, '/c/holdfast.yaml').config;
const config = load(designExample);
const two = load(
  designExample.replace('stores:', '  dc02: { components: { logs: { kind: files, paths: [/l] } } }\nstores:'),
);

test('components are restored database first, then configuration, then logs', () => {
  expect(restoreOrder(config, 'dc01', ['logs', 'config', 'database'])).toEqual(['database', 'config', 'logs']);
});

test('a configured order wins, and what it does not name follows', () => {
  const ordered = load(`${designExample}restore: { order: [logs, database] }\n`);
  expect(restoreOrder(ordered, 'dc01', ['config', 'database', 'logs'])).toEqual(['logs', 'database', 'config']);
});

test('the only site needs no name; of two one must be named', () => {
  expect(onlySite(config)).toBe('dc01');
  expect(() => onlySite(two)).toThrow(
    expect.objectContaining({ code: 'usage', hints: ['add --site dc01|dc02 or --site all'] }),
  );
  expect([siteInId(config, 'dc01'), siteInId(two, 'dc01')]).toEqual([undefined, 'dc01']);
});

test('all components of all sites', () => {
  expect(componentRefs(two).map(({ site, name }) => `${site}/${name}`)).toEqual([
    'dc01/database',
    'dc01/config',
    'dc01/logs',
    'dc02/logs',
  ]);
});

test('a name that is not there is refused with the nearest', () => {
  expect(() => componentOf(config, 'dc01', 'databse')).toThrow(
    expect.objectContaining({ code: 'usage', hints: ['did you mean "database"?'] }),
  );
});

test('what is far from every name is near to none', () => {
  expect(nearestName('zebra', ['database', 'logs'])).toBeUndefined();
  expect(nearestName('dataDri', ['dataDir', 'data'])).toBe('dataDir');
});
