import { answerJson } from '../../../client/output/say';

test.each([0, 1, 999, 1000, 1001, 2500])(
  'an answer of %i parts is one JSON document, however it is written',
  async (parts) => {
    const pieces: string[] = [];
    const spy = jest.spyOn(process.stdout, 'write').mockImplementation((text, ...rest: unknown[]) => {
      pieces.push(String(text));
      for (const done of rest) if (typeof done === 'function') done();
      return true;
    });
    const list = Array.from({ length: parts }, (_, number) => ({ number, text: `"[${number},]"` }));
    await answerJson(list).finally(() => spy.mockRestore());
    expect(JSON.parse(pieces.join(''))).toEqual(list);
    expect(pieces.join('')).toMatch(/\n$/);
    if (parts > 1000) expect(pieces.length).toBeGreaterThan(2);
  },
);
