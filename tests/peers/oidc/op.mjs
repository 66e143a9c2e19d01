// The certified OpenID provider, with the clients that the environment names and anybody as its people.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer, request } from 'node:http';

import Provider from 'oidc-provider';

const issuer = process.env.ISSUER;
const signing = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

// Names below .localhost are this machine, which the system's resolver does not always know.
const send = (url, { method = 'GET', headers = {}, body } = {}) => new Promise((resolve, reject) => {
  const to = new URL(url);
  const told = { ...Object.fromEntries(new Headers(headers)), host: to.host };
  const sent = request(
    { host: '127.0.0.1', port: to.port, path: to.pathname + to.search, method, headers: told },
    (answer) => {
      answer.resume();
      answer.on('end', () => resolve(new Response(null, { status: answer.statusCode })));
    },
  );
  sent.on('error', reject);
  sent.end(body === undefined ? undefined : String(body));
});

const provider = new Provider(issuer, {
  clients: JSON.parse(process.env.CLIENTS),
  jwks: { keys: [{ ...signing, use: 'sig', alg: 'RS256', kid: randomUUID() }] },
  cookies: { keys: ['of this peer only'] },
  claims: { openid: ['sub', 'auth_time'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
  features: {
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  fetch: send,
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id, email: `${id}@people.example`, email_verified: true, name: `${id} of the peer`, groups: ['staff'],
    }),
  }),
});

for (const event of ['backchannel.success', 'backchannel.error', 'grant.error', 'authorization.error', 'server_error']) {
  provider.on(event, (...said) => console.log(event, ...said.map((one) => one?.message ?? one?.clientId ?? '')));
}

createServer(provider.callback()).listen(Number(process.env.PORT), '127.0.0.1');
