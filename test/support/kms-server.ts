/**
 * A key service that speaks the protocol of AWS KMS (JSON 1.1: DescribeKey, Encrypt, Decrypt) as far as we ask it. It is ours, since none that could be had runs on
 * Node alone: it proves that what the SDK sends and gets is used rightly, and not how the service itself behaves.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';

export interface KmsServer {
  endpoint: string;
  /** Id of a new key. */
  makeKey(): string | Promise<string>;
  /** Every question is answered by this error from now on; undefined: as it should be. */
  refuse(error?: { status: number; type: string }): void;
  stop(): Promise<void>;
}

interface Question {
  KeyId?: string;
  Plaintext?: string;
  CiphertextBlob?: string;
  EncryptionContext?: Record<string, string>;
}

export async function startKmsServer(): Promise<KmsServer> {
  const keys = new Map<string, Buffer>();
  let refusal: { status: number; type: string } | undefined;
  const server = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const question = JSON.parse(await textOf(request)) as Question;
    const [status, answer] =
      refusal === undefined ? answerTo(operation, question, keys) : [refusal.status, { __type: refusal.type }];
    response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    makeKey() {
      const id = `arn:aws:kms:us-east-1:000000000000:key/${randomBytes(16).toString('hex')}`;
      keys.set(id, randomBytes(32));
      return id;
    },
    refuse(error) {
      refusal = error;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answerTo(operation: string, question: Question, keys: Map<string, Buffer>): [number, object] {
  const id = question.KeyId ?? '';
  const key = keys.get(id);
  if (key === undefined) return [400, { __type: 'NotFoundException', message: `there is no key ${id}` }];
  const context = Buffer.from(JSON.stringify(question.EncryptionContext ?? {}));
  if (operation === 'DescribeKey') return [200, { KeyMetadata: { KeyId: id, Arn: id } }];
  if (operation === 'Encrypt') {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(context);
    const text = [cipher.update(Buffer.from(question.Plaintext ?? '', 'base64')), cipher.final()];
    const blob = Buffer.concat([nonce, ...text, cipher.getAuthTag()]);
    return [200, { KeyId: id, CiphertextBlob: blob.toString('base64') }];
  }
  try {
    const blob = Buffer.from(question.CiphertextBlob ?? '', 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, blob.subarray(0, 12)).setAAD(context);
    decipher.setAuthTag(blob.subarray(-16));
    const text = Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()]);
    return [200, { KeyId: id, Plaintext: text.toString('base64') }];
  } catch {
    return [400, { __type: 'InvalidCiphertextException', message: '' }];
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
}
