/** Registers our search attributes: without them a start is refused. Adding what is there already is no error. */
import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { attributes } from '../../workflows/frame/attributes';
import { whenReady } from './when-ready';

const keyword = temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

export async function registerSearchAttributes(client: Client): Promise<void> {
  await whenReady(() => register(client));
}

async function register(client: Client): Promise<void> {
  const { operatorService } = client.connection as import('@temporalio/client').Connection;
  const namespace = client.options.namespace;
  const wanted = Object.values(attributes).map(({ name }) => name);
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = wanted.filter((name) => !(name in (customAttributes ?? {})));
  if (missing.length === 0) return;
  await operatorService
    .addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])) })
    .catch((error: { code?: number }) => {
      const alreadyExists = 6;
      if (error.code !== alreadyExists) throw error;
    });
}
