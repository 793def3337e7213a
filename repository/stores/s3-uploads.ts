/** Uploads in parts that nobody completed: they take room, and no listing of objects shows them. */
import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type MultipartUpload,
  type S3Client,
} from '@aws-sdk/client-s3';

interface Uploads {
  bucket: string;
  prefix: string;
  /** Begun before. */
  before: Date;
  dryRun: boolean;
}

/** Bytes of the first thousand parts of each: enough to say how much it is about. */
export async function dropUploads(
  client: S3Client,
  { bucket, prefix, before, dryRun }: Uploads,
): Promise<{ objects: number; bytes: number }> {
  const dropped = { objects: 0, bytes: 0 };
  for (const { Key, UploadId, Initiated } of await uploadsOf(client, bucket, prefix)) {
    if (Key === undefined || UploadId === undefined || Initiated === undefined || Initiated >= before) continue;
    const which = { Bucket: bucket, Key, UploadId };
    const { Parts = [] } = await client.send(new ListPartsCommand(which));
    if (!dryRun) await client.send(new AbortMultipartUploadCommand(which));
    dropped.objects++;
    dropped.bytes += Parts.reduce((sum, { Size = 0 }) => sum + Size, 0);
  }
  return dropped;
}

async function uploadsOf(client: S3Client, bucket: string, prefix: string): Promise<MultipartUpload[]> {
  const found: MultipartUpload[] = [];
  let at: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (;;) {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...at }));
    found.push(...(page.Uploads ?? []));
    if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return found;
    at = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}
