/** `retention report`: of every backup what keeps it, until when, and who needs it. */
import { configured, type GlobalOptions, type Outcome } from '../../context';
import { askedSites } from '../../sites';
import { ageOf, jsonOf, plansOf, tableOf } from './plan';

export interface ReportOptions extends GlobalOptions {
  site?: string;
  retention?: string;
}

export async function report(options: ReportOptions): Promise<Outcome> {
  const age = ageOf(options.retention);
  const loaded = await configured(options);
  const plans = await plansOf(loaded, askedSites(loaded.config, options.site), age);
  if (options.json) return { json: jsonOf(plans) };
  return { json: undefined, text: tableOf(plans, () => true) || 'there are no backups' };
}
