import Ajv2020 from 'ajv/dist/2020';
import { parse } from 'yaml';
import { jsonSchema, schemaAt } from '../../../domain/config/json-schema';
import { starterConfig } from '../../../domain/config/starter';
import { designExample, least } from './design-example';

const validate = new Ajv2020({ strict: false }).compile(jsonSchema());
const right = (text: string) => validate(parse(text));

test('editors accept what holdfast accepts', () => {
  expect(right(designExample)).toBe(true);
  expect(right(starterConfig)).toBe(true);
  expect(right(least)).toBe(true);
});

test.each([
  ['a typo', designExample.replace('dataDir', 'dataDri')],
  ['an unknown kind', designExample.replace('kind: dir', 'kind: tape')],
  ['a bad duration', designExample.replace('15m', '15 minutes')],
  ['an inlined secret', `${least}stores: { s: { kind: s3, bucket: bbb, accessKeyId: AKIA, secretAccessKey: x } }`],
])('editors refuse %s', (_, text) => {
  expect(right(text)).toBe(false);
});

test('the names that are valid at a place follow the kind that is written there', () => {
  const data = parse(designExample);
  const keys = (...path: string[]) => Object.keys(schemaAt(path, data)?.properties ?? {});
  expect(keys('sites', 'dc01', 'components', 'database')).toContain('dataDir');
  expect(keys('sites', 'dc01', 'components', 'config')).not.toContain('dataDir');
  expect(keys('stores', 'warm')).toContain('bucket');
});
