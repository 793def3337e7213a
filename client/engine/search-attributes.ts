/** Registers our search attributes: without them a start is refused. Adding what is there already is no error. */
import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { attributes } from '../../workflows/frame/attributes';
import { whenReady } from './when-ready';

const { INDEXED_VALUE_TYPE_KEYWORD: keyword, INDEXED_VALUE_TYPE_KEYWORD_LIST: keywordList } =
  temporal.api.enums.v1.IndexedValueType;

export async function registerSearchAttributes(client: Client): Promise<void> {
  await whenReady(() => register(client));
}

async function register(client: Client): Promise<void> {
  const { operatorService } = client.connection as import('@temporalio/client').Connection;
  const namespace = client.options.namespace;
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = Object.values(attributes).filter(({ name }) => !(name in (customAttributes ?? {})));
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(
    missing.map(({ name, type }) => [name, type === 'KEYWORD_LIST' ? keywordList : keyword]),
  );
  await operatorService.addSearchAttributes({ namespace, searchAttributes }).catch((error: { code?: number }) => {
    const alreadyExists = 6;
    if (error.code !== alreadyExists) throw error;
  });
}
