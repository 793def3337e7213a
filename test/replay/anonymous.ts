/** Takes out of a recorded history what belongs to the machine it was recorded on and not to the run: hosts, pids, stacks. */
const ofTheMachine: Record<string, unknown> = { identity: 'recorder', stackTrace: '' };

const workerIdentity = /^\d+@.*$/;

export function anonymous(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(workerIdentity, 'recorder');
  if (Array.isArray(value)) return value.map(anonymous);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, key in ofTheMachine ? ofTheMachine[key] : anonymous(inner)]),
  );
}
