using Flip.Devices;
using Flip.Evaluation;
using Flip.Serving.Batching;

namespace Flip.Serving;

/// <summary>A row of a text tower.</summary>
/// <param name="Tokens">Ids, padded, <c>[T]</c>.</param>
/// <param name="Length">Valid ones.</param>
internal readonly record struct TextRow(int[] Tokens, int Length);

/// <summary>An image with what is asked about it.</summary>
/// <param name="Pixels">RGB 0..255, <c>[S, S, 3]</c>.</param>
/// <param name="Questions">The questions.</param>
internal sealed record AskedImage(byte[] Pixels, IReadOnlyList<string> Questions);

/// <summary>What an engine computes, a lane for each part of a model that is there. The work is done on the engine's thread.</summary>
internal sealed class EngineLanes
{
    private readonly ServedModel _model;
    private readonly int _imageBytes;
    private byte[] _pixels = []; // of a batch, side by side

    public EngineLanes(ServedModel model, BatchQueue queue, int maxBatch)
    {
        _model = model;
        _imageBytes = model.Config.Model.Image.ImageSize * model.Config.Model.Image.ImageSize * 3;
        Images = model.Encoder is null ? null : queue.Add(new Lane<byte[], float[]>("images", maxBatch, (images, _) => EncodeImages(images)));
        Texts = model.Encoder is null ? null : queue.Add(new Lane<TextRow, float[]>("texts", maxBatch, (rows, _) => EncodeTexts(rows)));
        Scores = model.Classifier is null ? null : queue.Add(new Lane<byte[], float[]>("classes", maxBatch, (images, _) => Score(images)));
        Captions = model.Captions is null ? null : queue.Add(new Lane<byte[], IReadOnlyList<ServedCaption>>("captions", maxBatch, Write));
        Answers = model.Answers is null ? null : queue.Add(new Lane<AskedImage, IReadOnlyList<IReadOnlyList<ServedAnswer>>>("answers", maxBatch, (asked, _) => Answer(asked)));
        Calls = queue.Add(new Lane<Func<object>, object>("comparisons", 1, (calls, _) => [.. calls.Select(call => call())]));
    }

    /// <summary>Pixels to embeddings; null without towers.</summary>
    public Lane<byte[], float[]>? Images { get; }

    /// <summary>Rows of tokens to embeddings; null without towers.</summary>
    public Lane<TextRow, float[]>? Texts { get; }

    /// <summary>Pixels to scores of a classifier; null without one.</summary>
    public Lane<byte[], float[]>? Scores { get; }

    /// <summary>Pixels to captions; null without a captioner.</summary>
    public Lane<byte[], IReadOnlyList<ServedCaption>>? Captions { get; }

    /// <summary>Images and questions to answers; null without what answers.</summary>
    public Lane<AskedImage, IReadOnlyList<IReadOnlyList<ServedAnswer>>>? Answers { get; }

    /// <summary>Anything else that libtorch computes, such as cosines.</summary>
    public Lane<Func<object>, object> Calls { get; }

    private List<float[]> EncodeImages(IReadOnlyList<byte[]> images)
    {
        using var result = Embeddings.OfImages(_model.Encoder!, Joined(images), images.Count);
        return Rows(result, images.Count, "image");
    }

    private List<float[]> EncodeTexts(IReadOnlyList<TextRow> rows)
    {
        using var result = _model.Encoder!.SubmitTexts(rows.SelectMany(row => row.Tokens).ToArray(), rows.Select(row => row.Length).ToArray(), rows.Count);
        return Rows(result, rows.Count, "text");
    }

    private List<float[]> Rows(PendingResult result, int count, string kind)
    {
        var dim = _model.Encoder!.EmbedDim;
        return [.. Embeddings.Checked(result.Read(), count, dim, kind).Chunk(dim)];
    }

    private List<float[]> Score(IReadOnlyList<byte[]> images)
    {
        var classes = _model.Classifier!.ClassNames.Count;
        return [.. Embeddings.Checked(_model.Classifier.Score(Joined(images), images.Count), images.Count, classes, "class").Chunk(classes)];
    }

    private IReadOnlyList<IReadOnlyList<ServedCaption>> Write(IReadOnlyList<byte[]> images, CancellationToken cancellation) =>
        _model.Captions!.Write(Joined(images), images.Count, cancellation);

    private List<IReadOnlyList<IReadOnlyList<ServedAnswer>>> Answer(IReadOnlyList<AskedImage> asked)
    {
        var questions = asked.SelectMany((image, place) => image.Questions.Select(question => (place, question))).ToList();
        var answers = _model.Answers!.Answer(Joined([.. asked.Select(image => image.Pixels)]), asked.Count, questions);
        var at = 0;
        return [.. asked.Select(image => (IReadOnlyList<IReadOnlyList<ServedAnswer>>)[.. image.Questions.Select(_ => answers[at++])])];
    }

    private Memory<byte> Joined(IReadOnlyList<byte[]> images)
    {
        var length = images.Count * _imageBytes;
        if (_pixels.Length < length)
        {
            _pixels = GC.AllocateUninitializedArray<byte>(length);
        }

        for (var i = 0; i < images.Count; i++)
        {
            images[i].CopyTo(_pixels, i * _imageBytes);
        }

        return _pixels.AsMemory(0, length);
    }
}
