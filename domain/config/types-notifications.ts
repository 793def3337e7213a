/** Who is told of what: targets by name, and which of them hear of alerts. */
import type { Milliseconds, SecretText } from './types';

/** `starttls`: the connection is encrypted before anything is said on it, or nothing is; `implicit`: from the first byte on. */
export const mailSecurities = ['starttls', 'implicit', 'none'] as const;
export type MailSecurity = (typeof mailSecurities)[number];

interface TargetBase {
  /** One attempt takes no longer. */
  timeout: Milliseconds;
}

export interface EmailTarget extends TargetBase {
  kind: 'email';
  host: string;
  port: number;
  tls: MailSecurity;
  /** Absolute path of PEM certificates that are trusted instead of the system's. */
  ca?: string;
  user?: string;
  password?: SecretText;
  from: string;
  to: string[];
}

export interface WebhookTarget extends TargetBase {
  kind: 'webhook';
  /** Where the address itself is the secret, it is a reference. */
  url: SecretText;
  headers: Record<string, SecretText>;
  /** Of the HMAC over each body. */
  signingKey?: SecretText;
}

export interface CommandTarget extends TargetBase {
  kind: 'command';
  /** Program and arguments; no shell reads them. */
  argv: string[];
}

export type TargetConfig = EmailTarget | WebhookTarget | CommandTarget;

export interface NotificationsConfig {
  targets: Record<string, TargetConfig>;
  /** Names of those that hear of scheduled work that was skipped or failed, and of proofs that are stale or failing. */
  alerts: string[];
}
