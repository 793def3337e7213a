/** The JSON Schema of `holdfast.yaml`, for editors and for finding the names that are valid at a place. */
import { z } from 'zod';
import { configSchema } from './schema';

export interface SchemaNode {
  type?: string;
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  required?: string[];
  items?: SchemaNode;
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
  const?: unknown;
  enum?: unknown[];
  description?: string;
}

/** JSON Schema, draft 2020-12, of what may be written. */
export function jsonSchema(): SchemaNode & Record<string, unknown> {
  const schema = z.toJSONSchema(configSchema, { io: 'input' }) as SchemaNode & Record<string, unknown>;
  return { title: 'holdfast.yaml', ...schema };
}

/** The schema's node at a path, led by the data where there are alternatives. */
export function schemaAt(
  path: readonly PropertyKey[],
  data: unknown,
  root: SchemaNode = jsonSchema(),
): SchemaNode | undefined {
  let node: SchemaNode | undefined = chosen(root, data);
  let value = data;
  for (const key of path) {
    if (node === undefined) return undefined;
    value = isRecord(value) || Array.isArray(value) ? (value as Record<PropertyKey, unknown>)[key] : undefined;
    const next: SchemaNode | boolean | undefined =
      typeof key === 'number' ? node.items : (node.properties?.[String(key)] ?? node.additionalProperties);
    node = typeof next === 'object' ? chosen(next, value) : undefined;
  }
  return node;
}

function chosen(node: SchemaNode, value: unknown): SchemaNode {
  const options = node.oneOf ?? node.anyOf;
  if (options === undefined) return node;
  const fits = (option: SchemaNode): boolean =>
    option.type === 'object' &&
    isRecord(value) &&
    Object.entries(option.properties ?? {}).every(([key, one]) => one.const === undefined || one.const === value[key]);
  return options.find(fits) ?? node;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
