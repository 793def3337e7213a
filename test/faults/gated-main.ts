/** The command line as it ships, in a process whose requests to S3 stores can be held up (see `gates.ts`). */
import { S3Store } from '../../repository/stores/s3';
import { S3Locks } from '../../repository/stores/s3-locks';
import { pass } from './gates';

const folder = process.env['HOLDFAST_TEST_GATES'];
if (folder === undefined) throw new Error('HOLDFAST_TEST_GATES names no folder');

function gate(prototype: object, methods: string[], nameOf: (self: unknown) => string): void {
  for (const method of methods) {
    const asked: unknown = Reflect.get(prototype, method);
    if (typeof asked !== 'function') throw new Error(`stores have no ${method} any more`);
    Reflect.set(prototype, method, async function (this: unknown, ...given: unknown[]): Promise<unknown> {
      const keys = given.flat().filter((one) => typeof one === 'string');
      await pass(folder as string, [nameOf(this), method, ...keys].join(' '));
      return await (Reflect.apply(asked, this, given) as Promise<unknown>);
    });
  }
}

gate(S3Store.prototype, ['put', 'get', 'takeFrom', 'delete'], (self) => (self as S3Store).name);
gate(S3Locks.prototype, ['deleteUnlocked'], () => 'any');
void import('../../client/main.js');
