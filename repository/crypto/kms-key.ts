/**
 * A master key that stays in AWS KMS: it wraps and unwraps there, once for each opening of the repository, and no byte of it is ever here.
 * Region, credentials and endpoint are those of the AWS default chain (`AWS_REGION`, `AWS_PROFILE`, `AWS_ENDPOINT_URL_KMS` …).
 * Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html and API_Decrypt.html.
 */
import { createHash } from 'node:crypto';
import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  IncorrectKeyException,
  InvalidCiphertextException,
  KMSClient,
} from '@aws-sdk/client-kms';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { HoldfastError } from '../../domain/errors';
import type { MasterKey } from './master-key';

/** @throws HoldfastError `key_unavailable` when the service cannot be asked, or does not let us use the key */
export async function openKmsKey(keyId: string): Promise<MasterKey> {
  const { KeyMetadata } = await ask(keyId, (client) => client.send(new DescribeKeyCommand({ KeyId: keyId })));
  // An alias may be pointed elsewhere: the key itself is what it is known by, and its account is nobody's business.
  const arn = KeyMetadata?.Arn ?? keyId;
  return {
    mode: 'kms',
    fingerprint: createHash('sha256').update(arn).digest('hex').slice(0, 16),
    async wrap(key, purpose) {
      const input = { KeyId: arn, Plaintext: key, EncryptionContext: { purpose } };
      const { CiphertextBlob } = await ask(keyId, (client) => client.send(new EncryptCommand(input)));
      return Buffer.from(CiphertextBlob ?? []).toString('base64');
    },
    async unwrap(wrapped, purpose) {
      const input = {
        KeyId: arn,
        CiphertextBlob: Buffer.from(wrapped, 'base64'),
        EncryptionContext: { purpose },
      };
      const { Plaintext } = await ask(keyId, (client) => client.send(new DecryptCommand(input)));
      return Buffer.from(Plaintext ?? []);
    },
  };
}

/** A service that is there and says nothing is told within half a minute, and not when a whole procedure has run out of time. */
const connectionTimeout = 3000;
const socketTimeout = 5000;

async function ask<T>(keyId: string, work: (client: KMSClient) => Promise<T>): Promise<T> {
  const client = new KMSClient({
    maxAttempts: 3,
    requestHandler: new NodeHttpHandler({ connectionTimeout, socketTimeout }),
  });
  try {
    return await work(client);
  } catch (error) {
    if (error instanceof InvalidCiphertextException || error instanceof IncorrectKeyException) {
      throw new HoldfastError('checksum_mismatch', 'a wrapped key is damaged or belongs elsewhere', { where: keyId });
    }
    const name = error instanceof Error ? error.name : String(error);
    throw new HoldfastError('key_unavailable', `the key service answered ${name}`, {
      where: keyId,
      hints: [
        'check region, credentials and network; the credentials need kms:DescribeKey, kms:Encrypt and kms:Decrypt of this key',
        'with the escrow key the repository opens without the service: name it under encryption.keyFile',
      ],
      cause: error,
    });
  } finally {
    client.destroy();
  }
}
