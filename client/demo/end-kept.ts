/** `--end FOLDER`: ends what `--keep` left, in order as far as that goes. */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { stopInstance } from '../../components/postgres/instance';
import { HoldfastError } from '../../domain/errors';
import { isDemoFolder } from './stage';
import { Tidy } from './tidy';

/** @throws HoldfastError `usage` when the folder is none that the demo made */
export async function endKept(folder: string): Promise<void> {
  if (!existsSync(folder) || !isDemoFolder(realpathSync(folder))) {
    throw new HoldfastError('usage', 'this is no folder of a demo', {
      where: folder,
      hints: ['give the folder that the demo named in its first line'],
    });
  }
  const place = realpathSync(folder);
  await stopInstance(path.join(place, 'postgresql', 'data'), 'immediate', 20_000);
  const tidy = new Tidy();
  tidy.owns(place);
  await tidy.run();
}
