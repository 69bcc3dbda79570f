// An OpenID Connect provider on a free port of this machine, for the tests alone: node provider.mjs FOLDER
// FOLDER holds node_modules. Prints its issuer when it listens; reads a line of addresses that may be come back to, and
// says that it is ready; ends with its input.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(join(folder, 'node_modules/oidc-provider/lib/index.js')));

const key = (kind, options) => generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' });
const keys = [
  { ...key('rsa', { modulusLength: 2048 }), use: 'sig', kid: 'rsa', alg: 'RS256' },
  { ...key('ec', { namedCurve: 'P-256' }), use: 'sig', kid: 'ec', alg: 'ES256' },
];
const secret = 'a secret between the two that is long enough';

const server = createServer();
const answers = (issuer, redirect_uris) => {
  const client = (client_id, id_token_signed_response_alg, how) => ({
    client_id, id_token_signed_response_alg, redirect_uris, ...how,
  });
  const provider = new Provider(issuer, {
    jwks: { keys },
    cookies: { keys: ['for the tests alone'] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'HS256'] },
    clients: [
      client('confidential', 'RS256', { client_secret: secret }),
      client('public', 'ES256', { token_endpoint_auth_method: 'none' }),
      // Signed with the secret that both sides know: anybody who has it could make one.
      client('shared', 'HS256', { client_secret: secret }),
    ],
  });
  server.on('request', provider.callback());
  process.stdout.write('ready\n');
};
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  process.stdout.write(`${issuer}\n`);
  const input = createInterface({ input: process.stdin });
  input.once('line', (line) => answers(issuer, line.split(' '))).on('close', () => process.exit(0));
});
