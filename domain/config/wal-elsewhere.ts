/** Stores that get a database's backups and not its WAL: what lies there cannot be restored when the other stores are lost. */
import type { Config } from './types';

/** One warning for each tier, component and set of stores. */
export function walElsewhere({ sites, tiers }: Config): string[] {
  return Object.entries(sites).flatMap(([site, { components }]) =>
    Object.entries(components).flatMap(([name, component]) => {
      if (component.kind !== 'postgres') return [];
      const { to: held } = component.wal;
      return Object.entries(tiers).flatMap(([tier, { to, components: own }]) => {
        const lacking = to.filter((store) => !held.includes(store));
        if (lacking.length === 0 || own?.includes(name) === false) return [];
        const without = lacking.join(', ');
        return `tier ${tier} stores ${name} of ${site} in ${without}, and its WAL goes only to ${held.join(', ')}: from ${without} alone it cannot be restored`;
      });
    }),
  );
}
