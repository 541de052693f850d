// Asks a server for embeddings as a program of OpenAI's does. Usage: node embed.js request.json result.json
import { readFileSync, writeFileSync } from 'node:fs';
import OpenAI from 'openai';

const [asked, answered] = process.argv.slice(2);
const { baseURL, apiKey, model, texts, image } = JSON.parse(readFileSync(asked, 'utf8'));
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });

const models = await client.models.list();
const many = await client.embeddings.create({ model, input: texts }); // base64 on the wire, which the client decodes
const plain = await client.embeddings.create({ model, input: texts, encoding_format: 'float' });
const one = await client.embeddings.create({ model, input: texts[0] });
const ofImage = await client.embeddings.create({ model, input: image });
let refused;
try {
  await client.embeddings.create({ model: 'text-embedding-3-small', input: texts });
} catch (e) {
  refused = { kind: e.constructor.name, status: e.status, message: e.message };
}

let unknown;
try {
  await new OpenAI({ baseURL, apiKey: 'wrong-wrong-wrong-wrong', maxRetries: 0 }).models.list();
} catch (e) {
  unknown = { kind: e.constructor.name, status: e.status };
}

writeFileSync(answered, JSON.stringify({
  models: models.data.map(found => found.id),
  many: many.data.map(item => Array.from(item.embedding)),
  plain: plain.data.map(item => Array.from(item.embedding)),
  one: one.data.map(item => Array.from(item.embedding)),
  image: ofImage.data.map(item => Array.from(item.embedding)),
  tokens: many.usage.total_tokens,
  refused,
  unknown,
}));
