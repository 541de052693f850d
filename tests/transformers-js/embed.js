// Embeds texts and images of a folder that Flip exported, by transformers.js' own tokenizer, processor and sessions.
// node embed.js REQUEST.json RESULT.json
//   request: { folder, dtypes, texts, images: [{ width, height, rgb: [bytes] }] }
//   result:  { ids, shapes, DTYPE: { textEmbeds, imageEmbeds, logits, textsAlone, imagesAlone }, zeroShot }
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  AutoProcessor, AutoTokenizer, CLIPModel, CLIPTextModelWithProjection, CLIPVisionModelWithProjection, RawImage, env, pipeline,
} from '@huggingface/transformers';

const request = JSON.parse(await readFile(process.argv[2], 'utf8'));
env.allowRemoteModels = false;
env.localModelPath = path.dirname(request.folder);
const name = path.basename(request.folder);

const tokenizer = await AutoTokenizer.from_pretrained(name);
const processor = await AutoProcessor.from_pretrained(name);
const images = request.images.map(({ width, height, rgb }) => new RawImage(Uint8ClampedArray.from(rgb), width, height, 3));
const texts = tokenizer(request.texts, { padding: true, truncation: true });
const pixels = await processor(images);

const result = {
  ids: texts.input_ids.tolist().map(row => row.map(Number)),
  uncut: request.texts.map(text => tokenizer(text).input_ids.tolist()[0].map(Number)),
  pixels: pixels.pixel_values.dims,
};
for (const dtype of request.dtypes) {
  const joint = await CLIPModel.from_pretrained(name, { dtype });
  const both = await joint({ ...texts, ...pixels });
  const textTower = await CLIPTextModelWithProjection.from_pretrained(name, { dtype });
  const imageTower = await CLIPVisionModelWithProjection.from_pretrained(name, { dtype });
  const alone = [];
  for (const text of request.texts) {
    alone.push(...(await textTower(tokenizer(text))).text_embeds.tolist()); // neither padded nor cut
  }

  result[dtype] = {
    textEmbeds: both.text_embeds.tolist(),
    imageEmbeds: both.image_embeds.tolist(),
    logits: both.logits_per_image.tolist(),
    textsAlone: alone,
    imagesAlone: (await imageTower(pixels)).image_embeds.tolist(),
  };
  await Promise.all([joint, textTower, imageTower].map(model => model.dispose()));
}

const classifier = await pipeline('zero-shot-image-classification', name, { dtype: request.dtypes[0] });
result.zeroShot = await classifier(images[0], request.texts.slice(0, 2), { hypothesis_template: '{}' });
await writeFile(process.argv[3], JSON.stringify(result));
