// An OpenID Connect provider on a free port of this machine, for the tests alone: node provider.mjs FOLDER ADDRESS...
// FOLDER holds node_modules; each ADDRESS may be come back to. Prints its issuer when it listens; ends with its input.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, ...redirect_uris] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(join(folder, 'node_modules/oidc-provider/lib/index.js')));

const key = (kind, options) => generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' });
const keys = [
  { ...key('rsa', { modulusLength: 2048 }), use: 'sig', kid: 'rsa', alg: 'RS256' },
  { ...key('ec', { namedCurve: 'P-256' }), use: 'sig', kid: 'ec', alg: 'ES256' },
];
const secret = 'a secret between the two that is long enough';
const client = (client_id, id_token_signed_response_alg, how) => ({
  client_id, id_token_signed_response_alg, redirect_uris, ...how,
});

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
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
  process.stdout.write(`${issuer}\n`);
});
process.stdin.resume().on('end', () => process.exit(0));
