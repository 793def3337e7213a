import { sumOfCopies } from './stored-twice';

test('contents that two generations stored count as stored twice, equal contents of one generation do not', () => {
  expect(sumOfCopies([{ bytes: 10, of: [0, 1] }])).toEqual({ packs: 1, packsTwice: 0, bytesTwice: 0 });
  expect(sumOfCopies([{ bytes: 10, of: [0, 2] }])).toEqual({ packs: 2, packsTwice: 0, bytesTwice: 0 });
  expect(sumOfCopies([{ bytes: 10, of: [0, 1, 0, 1] }])).toEqual({ packs: 2, packsTwice: 1, bytesTwice: 10 });
});
