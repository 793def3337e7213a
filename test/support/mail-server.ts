/** A real mail server that keeps what it is given; how it refuses is up to the test. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { testCertificate } from './certificate';

export interface MailServer {
  port: number;
  /** Each as it came. */
  mails: string[];
  /** What each login said. */
  logins: { user: string; password: string; encrypted: boolean }[];
  close(): Promise<void>;
}

export async function startMailServer(options: SMTPServerOptions = {}, password = 'right'): Promise<MailServer> {
  const mails: string[] = [];
  const logins: MailServer['logins'] = [];
  const server = new SMTPServer({
    ...testCertificate,
    onAuth: (auth, session, done) => {
      logins.push({ user: auth.username ?? '', password: auth.password ?? '', encrypted: session.secure });
      if (auth.password === password) return done(null, { user: auth.username });
      // As talkative as a server can be.
      const refusal = Object.assign(new Error(`no user ${auth.username} with ${auth.password}`), { responseCode: 535 });
      return done(refusal);
    },
    onData: (stream, _session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push(Buffer.concat(chunks).toString());
        done();
      });
    },
    ...options,
  });
  // Who breaks off is no fault of the server's.
  server.on('error', () => undefined);
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return {
    port: (listening.address() as AddressInfo).port,
    mails,
    logins,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
