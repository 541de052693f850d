using System.Globalization;
using System.Text;
using Flip.Config;
using Flip.Conversion.Formats;
using Flip.Io;

namespace Flip.Conversion;

/// <summary>The README of a model's folder: what it is, how it was trained, how it scored, how other tools load it.</summary>
internal static class ModelCard
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "README.md";

    /// <summary>Writes the card; the front matter is that of Hugging Face's hub.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="config">What it is and how it was trained.</param>
    /// <param name="format">The folder's format; null for graphs in ONNX.</param>
    /// <param name="source">Name of the format that the weights came from.</param>
    /// <param name="scores">Numbers of its last evaluation, if there was one.</param>
    public static void Write(
        string folder, FlipConfig config, WeightFormat? format, string source, IReadOnlyDictionary<string, double>? scores = null)
    {
        var text = new StringBuilder();
        var library = format switch { WeightFormat.HuggingFace => "transformers", WeightFormat.OpenClip => "open_clip", null => "transformers.js", _ => "flip" };
        text.Append(CultureInfo.InvariantCulture, $"---\nlibrary_name: {library}\npipeline_tag: zero-shot-image-classification\ntags:\n- clip\n---\n\n");
        text.Append(CultureInfo.InvariantCulture, $"# {Name(config.Model)}\n\n");
        text.Append("A dual encoder of images and texts in one embedding space (CLIP), written by Flip");
        text.Append(source == "Flip" ? ".\n\n" : $" from {source} weights.\n\n");
        Sizes(text, config.Model);
        if (source == "Flip")
        {
            Recipe(text, config);
        }

        if (scores is { Count: > 0 })
        {
            text.Append("\n## Scores\n\n| score | value |\n|---|---|\n");
            foreach (var (name, value) in scores)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {MarkdownText.Escape(name)} | {value:0.####} |\n");
            }
        }

        text.Append(CultureInfo.InvariantCulture, $"\n## Use\n\n{Usage(config, format)}");
        AtomicFile.WriteText(Path.Combine(folder, FileName), text.ToString());
    }

    private static string Name(ModelConfig model) => string.Create(
        CultureInfo.InvariantCulture, $"ViT {model.Image.Width}×{model.Image.Depth}, patch {model.Image.PatchSize}, {model.Image.ImageSize} pixels");

    private static void Sizes(StringBuilder text, ModelConfig model)
    {
        text.Append("| | image tower | text tower |\n|---|---|---|\n");
        text.Append(CultureInfo.InvariantCulture, $"| width × blocks, heads | {model.Image.Width} × {model.Image.Depth}, {model.Image.Heads} | {model.Text.Width} × {model.Text.Depth}, {model.Text.Heads} |\n");
        text.Append(CultureInfo.InvariantCulture, $"| input | {model.Image.ImageSize} pixels, patches of {model.Image.PatchSize} | {model.Text.Length} of {model.Text.VocabularySize} tokens |\n");
        text.Append(CultureInfo.InvariantCulture, $"| embedding | {model.EmbedDim} | {model.EmbedDim} |\n");
    }

    private static void Recipe(StringBuilder text, FlipConfig config)
    {
        var (image, train) = (config.Model.Image, config.Train);
        text.Append(CultureInfo.InvariantCulture, $"""

            ## Training

            FLIP ("Scaling Language-Image Pre-training via Masking", CVPR 2023): {image.MaskRatio:0.##} of the image patches and {config.Model.Text.MaskRatio:0.##} of
            the text tokens removed, batch {train.BatchSize}, {train.Samples}, base learning rate {train.BaseLearningRate:0.###e0} (× batch / 256),
            weight decay {train.WeightDecay:0.##}, loss {train.Loss}, seed {train.Seed}.

            """);
    }

    private static string Usage(FlipConfig config, WeightFormat? format) => format switch
    {
        WeightFormat.HuggingFace when HuggingFaceFormat.IsSiglip(config) => """
            ```python
            from transformers import AutoProcessor, SiglipModel
            model = SiglipModel.from_pretrained("FOLDER")
            processor = AutoProcessor.from_pretrained("FOLDER") # texts: padding="max_length", truncation=True, in lower case
            ```

            """,
        WeightFormat.HuggingFace => """
            ```python
            from transformers import AutoProcessor, CLIPModel
            model = CLIPModel.from_pretrained("FOLDER")
            processor = AutoProcessor.from_pretrained("FOLDER")
            ```

            """,
        WeightFormat.OpenClip => """
            ```python
            import open_clip
            model, _, preprocess = open_clip.create_model_and_transforms("local-dir:FOLDER")
            tokenizer = open_clip.get_tokenizer("local-dir:FOLDER")
            ```

            """ + string.Concat(ModelWriter.Notes(config, WeightFormat.OpenClip).Select(note => $"\n{note}\n"))
            + (config.Data.Tokenizer == TokenizerKind.ClipBpe ? string.Empty : """

            As `hf-hub:NAME` the tokenizer is found where `text_cfg.hf_tokenizer_name` in `open_clip_config.json` is this repository's name
            (`flip convert --hub-name NAME` writes it).

            """) + (config.Eval.Transform is EvalTransform.Clip or EvalTransform.Squash ? string.Empty : """

            `preprocess` resizes the short side and then crops; Flip's own evaluation crops the central square first, so levels differ by rounding.

            """),
        null => """
            ```js
            import { AutoProcessor, AutoTokenizer, CLIPModel } from '@huggingface/transformers';
            const model = await CLIPModel.from_pretrained('FOLDER', { dtype: 'fp32' }); // or fp16, q8 where they were exported
            const tokenizer = await AutoTokenizer.from_pretrained('FOLDER');
            const processor = await AutoProcessor.from_pretrained('FOLDER');
            const texts = tokenizer(['a dog', 'a cat'], { padding: true, truncation: true });
            const { logits_per_image, image_embeds, text_embeds } = await model({ ...texts, ...await processor(image) });
            ```

            `CLIPTextModelWithProjection` and `CLIPVisionModelWithProjection` run one tower. Embeddings have length 1, and `input_ids` may have any length:
            the graphs pad and cut them as the model was trained. ONNX Runtime runs the files of `onnx/` without any of this.

            """ + (ClipTowers.Obstacles(config.Model).Any() ? """
            `config.json` says `clip`, as what opens the files: the towers in the graphs are not CLIP's, and `CLIPModel` of Python's transformers cannot be built from it.

            """ : string.Empty),
        _ => "`flip eval FOLDER --on SHARDS --classes NAMES`, `flip rank FOLDER --images ... --texts ...`\n",
    };
}
