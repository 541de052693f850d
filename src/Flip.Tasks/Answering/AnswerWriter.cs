using System.Text.Json;
using Flip.Collectives;
using Flip.Data.Loading;
using Flip.Data.Questions;
using Flip.Devices;
using Flip.Evaluation.Outcomes;
using static TorchSharp.torch;

namespace Flip.Tasks.Answering;

/// <summary>Answers questions about images. An image is seen once, whatever is asked about it.</summary>
/// <param name="loaded">The model; not owned.</param>
/// <param name="top">Answers to a question, the likeliest first.</param>
public sealed class AnswerWriter(LoadedAnswerer loaded, int top = AnswerWriter.DefaultTop)
{
    /// <summary>Answers to a question where nothing else is asked for.</summary>
    public const int DefaultTop = 5;

    /// <summary>The likeliest answers to all questions of a set, in their order. Ranks share the images, and all get the answers.</summary>
    /// <param name="set">The questions.</param>
    /// <param name="images">Reads their images at the model's size, all of them.</param>
    /// <param name="batchSize">Images, and questions, at a time.</param>
    /// <param name="progress">Receives the number of questions answered; may be null.</param>
    /// <param name="ranks">Who shares the images; null for this process alone.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public IReadOnlyList<IReadOnlyList<GivenAnswer>> Answer(
        QuestionedImages set, ImageLoader images, int batchSize, Action<long>? progress = null, ICommunicator? ranks = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(images);
        var asked = set.Questions.Index().ToLookup(question => question.Item.Image, question => question.Index);
        var answers = new IReadOnlyList<GivenAnswer>[set.Questions.Count];
        var done = 0L;
        var batches = SharedBatches.Read(
            ranks ?? OneProcess.Instance,
            turn => images.Read(batchSize, 0, turn, cancellation).Select(batch => Answer(set, asked, batch, batchSize)),
            batch => JsonSerializer.SerializeToUtf8Bytes(batch),
            bytes => JsonSerializer.Deserialize<List<AnswersOfQuestion>>(bytes.Span)!,
            cancellation);
        foreach (var batch in batches)
        {
            foreach (var question in batch)
            {
                answers[question.Question] = question.Answers;
            }

            done += batch.Count;
            progress?.Invoke(done);
        }

        return answers;
    }

    /// <summary>The likeliest answers to questions about some images.</summary>
    /// <param name="pixels">RGB 0..255, <c>[count, S, S, 3]</c>.</param>
    /// <param name="count">Number of images.</param>
    /// <param name="asked">Questions, each with the place of its image among them.</param>
    /// <param name="batchSize">Questions at a time.</param>
    public IReadOnlyList<IReadOnlyList<GivenAnswer>> Answer(ReadOnlyMemory<byte> pixels, int count, IReadOnlyList<(int Image, string Question)> asked, int batchSize)
    {
        ArgumentNullException.ThrowIfNull(asked);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        if (asked.Count == 0)
        {
            return [];
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (answerer, size) = (loaded.Answerer, loaded.Answerer.Config.Image.ImageSize);
        var device = answerer.Parameters.Device;
        var seen = loaded.QuestionOnly ? null : answerer.ImageTokens(DeviceTraffic.Send<byte>(pixels.Span, device, count, size, size, 3));
        return [.. asked.Chunk(batchSize).SelectMany(part => Answer(seen, part, device))];
    }

    private List<AnswersOfQuestion> Answer(QuestionedImages set, ILookup<int, int> asked, ImageBatch batch, int batchSize)
    {
        var questions = batch.Samples.Index().SelectMany(image => asked[image.Item].Select(question => (Place: image.Index, Question: question))).ToList();
        var answers = Answer(batch.Present, batch.Size, [.. questions.Select(one => (one.Place, set.Questions[one.Question].Question))], batchSize);
        return [.. questions.Zip(answers, (one, given) => new AnswersOfQuestion(one.Question, given))];
    }

    private List<IReadOnlyList<GivenAnswer>> Answer(Tensor? seen, (int Image, string Question)[] asked, Device device)
    {
        using var scope = NewDisposeScope();
        var (answerer, length) = (loaded.Answerer, loaded.Config.Model.Text.Length);
        var (rows, lengths) = (new int[asked.Length * length], new int[asked.Length]);
        for (var i = 0; i < asked.Length; i++)
        {
            lengths[i] = loaded.Tokenizer.EncodeRow(asked[i].Question, rows.AsSpan(i * length, length));
        }

        var (tokens, valid) = QuestionRows.Send(answerer, rows, lengths);
        var image = seen is null
            ? answerer.MeanImageTokens(asked.Length)
            : seen.index_select(0, DeviceTraffic.Send<long>(Array.ConvertAll(asked, one => (long)one.Image), device, asked.Length));
        var scores = DeviceTraffic.Read(answerer.Fuse(image, answerer.TextTokens(tokens, valid), valid));
        return [.. scores.Chunk(answerer.Answers).Select(Likeliest)];
    }

    private List<GivenAnswer> Likeliest(float[] logits) =>
    [
        .. logits.Index().OrderByDescending(answer => answer.Item).ThenBy(answer => answer.Index).Take(top)
            .Select(answer => new GivenAnswer(loaded.Answers.Answers[answer.Index], 1 / (1 + Math.Exp(-answer.Item)))),
    ];

    private sealed record AnswersOfQuestion(int Question, IReadOnlyList<GivenAnswer> Answers);
}
