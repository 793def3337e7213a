/** Writes the manifest of a placed backup into its data directory. */
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ManifestSource, writeManifest } from './manifest';
import { giveTo, type Owner } from './owner';

/** To be called after {@link prepareDataDirectory}, with what it generated. Replaces a manifest that is there. */
export async function placeManifest(dataDir: string, owner: Owner, source: ManifestSource): Promise<void> {
  const file = path.join(dataDir, 'backup_manifest');
  await pipeline(Readable.from(writeManifest(source)), createWriteStream(file, { mode: 0o600, flush: true }));
  giveTo(owner, file);
}
