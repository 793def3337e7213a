import { whenReady } from '../../../client/engine/when-ready';

/** As gRPC says it, and as the SDK passes it on. */
function refusal(code: number): Error {
  return new Error('Failed to start Workflow', { cause: Object.assign(new Error(`${code} said no`), { code }) });
}

function refusing(times: number, code: number): { asked: () => number; ask: () => Promise<string> } {
  let asked = 0;
  return {
    asked: () => asked,
    ask: async () => {
      asked++;
      if (asked <= times) throw refusal(code);
      return 'done';
    },
  };
}

test.each([2, 5, 14])('a server that is not ready yet is asked again (%d)', async (code) => {
  const { ask, asked } = refusing(2, code);
  expect(await whenReady(ask)).toBe('done');
  expect(asked()).toBe(3);
});

test('what waiting does not help is told at once', async () => {
  const denied = refusing(9, 7);
  await expect(whenReady(denied.ask)).rejects.toThrow('Failed to start Workflow');
  expect(denied.asked()).toBe(1);
  await expect(whenReady(async () => Promise.reject(new TypeError('ours')))).rejects.toThrow('ours');
});

test('it is not waited for for ever', async () => {
  await expect(whenReady(refusing(99, 14).ask, 300)).rejects.toMatchObject({ cause: { code: 14 } });
});
