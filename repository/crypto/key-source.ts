/** Where the master key comes from: nowhere, a file, or AWS KMS, by id, ARN or alias. */
export type KeySource = { kind: 'none' } | { kind: 'file'; path: string } | { kind: 'kms'; keyId: string };
