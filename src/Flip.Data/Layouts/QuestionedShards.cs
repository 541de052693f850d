using System.Globalization;
using System.Text.Json;
using Flip.Data.Questions;
using Flip.Data.Shards;

namespace Flip.Data.Layouts;

/// <summary>
/// Shards whose images have a <c>.json</c> with <c>{"questions": [{"id": 5, "question": "...", "answers": ["..."]}]}</c> beside them. Images without questions
/// are passed over, and how many is said.
/// </summary>
public sealed record QuestionedShards : QuestionedLayout
{
    private const string List = "questions";

    private static readonly JsonDocumentOptions Json = new() { MaxDepth = 512, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <inheritdoc/>
    public override string Kind => "shards";

    /// <inheritdoc/>
    public override string Describe(string split) => $"shards with 'questions' in .json (*.tar, {split}-*.tar or {split}/*.tar{Place})";

    internal override bool IsAt(string folder, LayoutOptions options) => ShardFolder.Find(folder, options.Split).Count > 0;

    internal override QuestionedImages Open(string folder, LayoutOptions options, CancellationToken cancellation) =>
        Open(ShardSources.Open(ShardFolder.Find(folder, options.Split), options.Source, cancellation), options, cancellation);

    /// <summary>The questions of indexed shards.</summary>
    /// <exception cref="ConfigException">There are none, or one cannot be used; the message names its sample.</exception>
    internal static QuestionedImages Open(DataSetIndex index, LayoutOptions options, CancellationToken cancellation)
    {
        var records = new QuestionRecords(options.AllowNoAnswer);
        var (images, asked) = (new ShardImages(index), new List<int>());
        var keys = new Lazy<List<string>>(() => [.. images.Keys()]);
        using (var files = index.OpenFiles())
        {
            for (var image = 0; image < images.Count; image++)
            {
                cancellation.ThrowIfCancellationRequested();
                var (shard, entry) = index.Find(image);
                var (sample, number) = (image, asked.Count);
                var questions = Read(index.Members(files, shard), entry, () => index.Describe(sample));
                foreach (var (place, question) in questions.Index())
                {
                    var id = question.Id ?? string.Create(CultureInfo.InvariantCulture, $"{keys.Value[image]}#{place}");
                    records.Add(id, number, question, () => string.Create(CultureInfo.InvariantCulture, $"The sample {index.Describe(sample)}, question {place + 1}"));
                }

                if (questions.Count > 0)
                {
                    asked.Add(image);
                }
            }
        }

        if (asked.Count == 0)
        {
            throw new ConfigException($"The shards have no questions: none of {images.Count} samples has a .json with a list '{List}'; the first is {index.Describe(0)}.");
        }

        var without = images.Count - asked.Count;
        if (without > 0)
        {
            options.Source.Say?.Invoke(FormattableString.Invariant($"Passed over: {without:N0} of {images.Count:N0} images, about which nothing is asked."));
        }

        return new QuestionedImages(without == 0 ? images : new ChosenImages(images, asked), records.All) { WithoutQuestion = without };
    }

    private static IReadOnlyList<AskedQuestion> Read(MemberReader members, SampleEntry entry, Func<string> sample)
    {
        if (!entry.Json.IsPresent)
        {
            return [];
        }

        try
        {
            using var bytes = members.ReadJson(entry.Json);
            using var document = JsonDocument.Parse(UserJson.Standard(bytes.Memory), Json);
            return document.RootElement.ValueKind != JsonValueKind.Object ? throw new InvalidDataException("it is no object")
                : AskedQuestion.Find(document.RootElement, [List]) is not { } list ? []
                : list.ValueKind != JsonValueKind.Array ? throw new InvalidDataException($"'{List}' is no list")
                : [.. list.EnumerateArray().Select(AskedQuestion.Of)];
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or BadSampleException or InvalidOperationException)
        {
            // InvalidOperationException: a name with half a surrogate pair.
            throw new ConfigException($"The .json of the sample {sample()} cannot be read: {e.Message.TrimEnd('.')}.");
        }
    }
}
