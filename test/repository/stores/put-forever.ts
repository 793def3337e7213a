/** A child process that stores objects until it is killed: each is its own key's name repeated, 8 MiB long. */
import { openStore, type StoreConfig } from '../../../repository/stores/open';

export const forever = { prefix: 'forever/', bytes: 8 * 1024 * 1024 };

export function bodyOf(key: string): Buffer {
  return Buffer.alloc(forever.bytes, key);
}

async function main(config: StoreConfig): Promise<void> {
  const store = openStore('child', config);
  for (let number = 0; ; number++) {
    const key = `${forever.prefix}${process.pid}-${number}`;
    process.send?.(key);
    await store.put(key, bodyOf(key), { ifAbsent: number % 2 === 0 });
  }
}

if (require.main === module) void main(JSON.parse(process.env['STORE'] ?? '') as StoreConfig);
