/** Can each target of notifications be reached from here? Nothing is sent. */
import { withoutSecrets } from '../../components/config-file/environment';
import { programPath } from '../../components/notify/command';
import { greetMailServer } from '../../components/notify/email';
import { greetWebhook } from '../../components/notify/webhook';
import type { Config } from '../../domain/config/types';
import type { TargetConfig } from '../../domain/config/types-notifications';
import { type Finding, ok, problem, warning } from './finding';

export async function checkTarget(config: Config, name: string, target: TargetConfig): Promise<Finding[]> {
  const limit = AbortSignal.timeout(target.timeout);
  switch (target.kind) {
    case 'email': {
      await greetMailServer(target, name, limit);
      const how = target.tls === 'none' ? 'unencrypted' : 'encrypted';
      const login = target.user === undefined ? '' : ', and takes the login';
      return [ok('notification', `the mail server answers, ${how}${login}`)];
    }
    case 'webhook': {
      const status = await greetWebhook(target, name, limit);
      // Many take nothing but what is posted to them.
      if (status < 500) return [ok('notification', `the webhook answers (${status} to a question without a message)`)];
      const hint = 'holdfast notify test sends a notice';
      return [warning('notification', `the webhook answers ${status}`, `look at the receiver; ${hint}`)];
    }
    case 'command': {
      const [program = ''] = target.argv;
      const file = programPath(program, withoutSecrets(config));
      if (file !== undefined) return [ok('notification', `the program is there: ${file}`)];
      return [problem('notification_refused', `there is no program ${program} that may be run`, 'correct its path')];
    }
  }
}
