import { withoutSecrets } from '../../../components/config-file/environment';
import { masked, resolveSecret } from '../../../components/config-file/secrets';

test('programs that are not ours see neither what the configuration names as secret nor what libraries look for', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
  const config = { sites: [{ connection: 'host=db password=${env:DB_PASSWORD}' }], key: '${file:/k}' };
  const env = { PATH: '/bin', DB_PASSWORD: 'x', AWS_SECRET_ACCESS_KEY: 'y', DOCKER_HOST: 'unix:///d' };
  expect(withoutSecrets(config, env)).toEqual({ PATH: '/bin', DOCKER_HOST: 'unix:///d' });
});

test('a report that repeats a secret we resolved is printed without it', async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
  await resolveSecret('${env:TOKEN}', { TOKEN: 'correct horse' });
  expect(
    masked({ message: 'no user at correct horse', where: 'correct horse/x', hints: ['say correct horse'] }),
  ).toEqual({
    message: 'no user at …',
    where: '…/x',
    hints: ['say …'],
  });
});
