using Flip.Config;
using Flip.Randomness;
using Flip.Tokenizers;
using Microsoft.ML.OnnxRuntime;

namespace Flip.Conversion.Onnx;

/// <summary>Images and texts for both a model and its export.</summary>
public sealed class OnnxInputs
{
    private readonly ImageConfig _image;
    private readonly TextConfig _text;

    /// <summary>Images and texts that the caller has.</summary>
    /// <param name="model">The model that they are for.</param>
    /// <param name="pixels">RGB 0..255, <c>[images, S, S, 3]</c>.</param>
    /// <param name="tokens">Ids, padded, <c>[texts, T]</c>.</param>
    /// <param name="lengths">Valid tokens of each row, <c>[texts]</c>.</param>
    /// <exception cref="ArgumentException">The inputs do not fit the model.</exception>
    public OnnxInputs(ModelConfig model, ReadOnlyMemory<byte> pixels, ReadOnlyMemory<int> tokens, ReadOnlyMemory<int> lengths)
    {
        (_image, _text) = (model.Image, model.Text);
        (Pixels, Tokens, Lengths) = (pixels, tokens, lengths);
        var size = _image.ImageSize;
        Images = pixels.Length / (size * size * 3);
        if (pixels.Length != Images * size * size * 3 || Images == 0)
        {
            throw new ArgumentException($"Expected pixels [images, {size}, {size}, 3], got {pixels.Length} of them.", nameof(pixels));
        }

        if (tokens.Length != lengths.Length * _text.Length || lengths.IsEmpty)
        {
            throw new ArgumentException(
                $"Expected tokens [{lengths.Length}, {_text.Length}] for as many lengths, got {tokens.Length} of them.", nameof(tokens));
        }

        if (lengths.Span.ContainsAnyExceptInRange(0, _text.Length))
        {
            throw new ArgumentException($"Expected lengths of 0 to {_text.Length} tokens.", nameof(lengths));
        }
    }

    /// <summary>RGB 0..255, <c>[images, S, S, 3]</c>.</summary>
    public ReadOnlyMemory<byte> Pixels { get; }

    /// <summary>Ids, padded, <c>[texts, T]</c>.</summary>
    public ReadOnlyMemory<int> Tokens { get; }

    /// <summary>Valid tokens of each row, <c>[texts]</c>.</summary>
    public ReadOnlyMemory<int> Lengths { get; }

    /// <summary>Number of images.</summary>
    public int Images { get; }

    /// <summary>Number of texts.</summary>
    public int Texts => Lengths.Length;

    /// <summary>Valid tokens of the longest text. An export gets rows of that length, as other libraries' tokenizers give them.</summary>
    private int Longest => Math.Max(1, Lengths.ToArray().Max());

    /// <summary>Two images of noise and three texts of drawn ids, from a full row to a short one.</summary>
    /// <param name="model">The model that they are for.</param>
    /// <param name="tokenizer">Its markers fill the rows.</param>
    public static OnnxInputs Draw(ModelConfig model, ITokenizer? tokenizer)
    {
        var filling = OnnxTextRows.Of(model.Text, tokenizer);
        var endOfTextId = filling.EndOfTextId;
        const int images = 2;
        const int texts = 3;
        var random = new CounterRandom(0, RandomPurpose.Evaluation);
        var pixels = new byte[images * model.Image.ImageSize * model.Image.ImageSize * 3];
        foreach (ref var pixel in pixels.AsSpan())
        {
            pixel = (byte)random.NextUInt32();
        }

        var (vocabulary, full) = (model.Text.VocabularySize, model.Text.Length);
        var (tokens, lengths) = (new int[texts * full], new int[texts]);
        tokens.AsSpan().Fill(filling.PaddingId);
        for (var row = 0; row < texts; row++)
        {
            lengths[row] = Math.Max(1, full * (texts - row) / texts);
            var ids = tokens.AsSpan(row * full, lengths[row]);
            foreach (ref var id in ids)
            {
                var drawn = random.NextInt(vocabulary);
                id = drawn == endOfTextId ? (drawn + 1) % vocabulary : drawn; // it ends the text and is nowhere else
            }

            ids[^1] = endOfTextId ?? ids[^1];
        }

        return new OnnxInputs(model, pixels, tokens, lengths);
    }

    /// <summary>The value of an export's input.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="metadata">The file's, with the mean and deviation of pixels.</param>
    public OrtValue Value(string name, IReadOnlyDictionary<string, string> metadata) => name switch
    {
        OnnxImageTower.Input => OrtValue.CreateTensorValueFromMemory(
            new OnnxPixels(OnnxMetadata.ParseList(metadata[OnnxMetadata.Mean]), OnnxMetadata.ParseList(metadata[OnnxMetadata.Deviation])).Normalized(Pixels.Span, Images),
            [Images, 3, _image.ImageSize, _image.ImageSize]),
        OnnxTextTower.Input => OrtValue.CreateTensorValueFromMemory(Ids(), [Texts, Longest]),
        OnnxTextTower.MaskInput => OrtValue.CreateTensorValueFromMemory(Valid(), [Texts, Longest]),
        _ => throw new ArgumentException($"An export has no input '{name}'.", nameof(name)),
    };

    private long[] Ids()
    {
        var ids = new List<long>();
        for (var row = 0; row < Texts; row++)
        {
            ids.AddRange(Tokens.Slice(row * _text.Length, Longest).ToArray().Select(id => (long)id));
        }

        return [.. ids];
    }

    private long[] Valid()
    {
        var valid = new long[Texts * Longest];
        for (var row = 0; row < Texts; row++)
        {
            valid.AsSpan(row * Longest, Lengths.Span[row]).Fill(1);
        }

        return valid;
    }
}
