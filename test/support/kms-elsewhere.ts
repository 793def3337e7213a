/**
 * Any service that speaks the protocol of AWS KMS, in place of ours: `HOLDFAST_TEST_KMS=http://127.0.0.1:5000` (moto's server, say), or `aws` for the one that the AWS
 * default chain reaches, where each key that is made costs something until somebody deletes it.
 */
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { type KmsServer, startKmsServer } from './kms-server';

const invented = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

export async function kmsToTest(elsewhere = process.env['HOLDFAST_TEST_KMS']): Promise<KmsServer> {
  if (elsewhere === undefined) return await startKmsServer();
  const client = new KMSClient(elsewhere === 'aws' ? {} : { endpoint: elsewhere, ...invented });
  return {
    endpoint: elsewhere,
    async makeKey() {
      const { KeyMetadata } = await client.send(new CreateKeyCommand({ Description: 'of a test of holdfast' }));
      return KeyMetadata?.Arn ?? '';
    },
    refuse() {
      throw new Error('only our own server refuses when it is told to');
    },
    async stop() {
      client.destroy();
    },
  };
}
