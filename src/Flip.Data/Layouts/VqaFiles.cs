using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Flip.Data.Files;
using Flip.Data.Questions;

namespace Flip.Data.Layouts;

/// <summary>
/// VQA's official files: <c>v2_OpenEnded_mscoco_val2014_questions.json</c>, <c>v2_mscoco_val2014_annotations.json</c> with ten people's answers each, and COCO's
/// images in a folder. The test splits have no annotations.
/// </summary>
/// <param name="File">The file of questions, relative to the data set; <c>{split}</c> stands for the split.</param>
public sealed partial record VqaFiles(string File) : QuestionedLayout
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <inheritdoc/>
    public override string Kind => "vqa";

    /// <inheritdoc/>
    public override string Describe(string split) => $"VQA's files ({Fill(File, split)} with its annotations{Place}, images in {split}2014 or images)";

    internal override bool IsAt(string folder, LayoutOptions options) => FindFile(folder, File, options) is not null;

    internal override QuestionedImages Open(string folder, LayoutOptions options, CancellationToken cancellation) =>
        OpenFile(FindFile(folder, File, options)!, options, cancellation);

    /// <summary>Opens a file of questions that was named itself.</summary>
    /// <exception cref="ConfigException">A file is not what it should be, or lacks what the other has.</exception>
    internal static QuestionedImages OpenFile(string path, LayoutOptions options, CancellationToken cancellation)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var name = QuestionsName().Match(Path.GetFileName(path));
        var part = name.Success ? name.Groups["part"].Value.Replace("-dev", string.Empty, StringComparison.Ordinal) : string.Empty;
        var answersPath = Path.Combine(folder, Path.GetFileName(path).Replace("OpenEnded_", string.Empty, StringComparison.Ordinal).Replace("_questions", "_annotations", StringComparison.Ordinal));
        var hasAnswers = answersPath != Path.Combine(folder, Path.GetFileName(path)) && System.IO.File.Exists(answersPath);
        if (!hasAnswers && !options.AllowNoAnswer)
        {
            throw new ConfigException($"'{path}' has questions alone, and its answers '{answersPath}' are not there.");
        }

        var answers = hasAnswers ? ReadAnswers(options.Source.Inside(answersPath), cancellation) : [];
        var records = new QuestionRecords(options.AllowNoAnswer);
        var images = new Dictionary<long, int>();
        foreach (var question in Items<Question>(path, "questions", cancellation))
        {
            string Where() => string.Create(CultureInfo.InvariantCulture, $"'{path}', question {question.QuestionId}");
            var given = answers.Remove(question.QuestionId, out var found) ? found : null;
            if (given is null && hasAnswers)
            {
                throw new ConfigException($"{Where()}: '{answersPath}' has no answers to it.");
            }

            if (given is not null && given.ImageId != question.ImageId)
            {
                throw new ConfigException(string.Create(CultureInfo.InvariantCulture, $"{Where()}: it is about the image {question.ImageId}, and its answers in '{answersPath}' about {given.ImageId}."));
            }

            images.TryAdd(question.ImageId, images.Count);
            records.Add(
                question.QuestionId.ToString(CultureInfo.InvariantCulture),
                images[question.ImageId],
                new AskedQuestion(null, question.Text, given?.Texts ?? [], given?.Type),
                Where);
        }

        return records.All.Count == 0 ? throw new ConfigException($"'{path}' has no questions.")
            : answers.Count > 0 ? throw new ConfigException(string.Create(CultureInfo.InvariantCulture, $"'{answersPath}' has answers to {answers.Count} questions that '{path}' does not have, such as {answers.Keys.First()}."))
            : new QuestionedImages(Images(path, folder, part, [.. images.Keys], options), records.All);
    }

    /// <summary>COCO's images by their ids, in the first of the usual folders and by the first of the usual names that has the first image.</summary>
    private static FileImages Images(string path, string folder, string part, IReadOnlyList<long> ids, LayoutOptions options)
    {
        var places = new[] { part, $"images/{part}", $"Images/{part}", "images", "Images", string.Empty }.Distinct().ToList();
        var forms = new[] { $"COCO_{part}_", string.Empty };
        string Name(string form, long id) => string.Create(CultureInfo.InvariantCulture, $"{form}{id:D12}.jpg");
        var found = places.SelectMany(place => forms.Select(form => (Root: Path.GetFullPath(Path.Combine(folder, place)), Form: form)))
            .FirstOrDefault(at => System.IO.File.Exists(Path.Combine(at.Root, Name(at.Form, ids[0]))));
        return found.Root is null
            ? throw new ConfigException($"'{path}': the image '{Name(forms[0], ids[0])}' is in none of the folders "
                + string.Join(", ", places.Select(place => $"'{Path.Combine(folder, place)}'")) + ".")
            : FileImages.OfFiles([.. ids.Select(id => new ImageFile(Name(found.Form, id), Path.Combine(found.Root, Name(found.Form, id)), $" ({path})"))], options.Source);
    }

    private static Dictionary<long, Given> ReadAnswers(string path, CancellationToken cancellation)
    {
        var (answers, texts) = (new Dictionary<long, Given>(), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var annotation in Items<Annotation>(path, "annotations", cancellation))
        {
            var given = new Given(annotation.ImageId, annotation.AnswerType, [.. annotation.Answers.Select(Text)]);
            if (!answers.TryAdd(annotation.QuestionId, given))
            {
                throw new ConfigException(string.Create(CultureInfo.InvariantCulture, $"'{path}': the question {annotation.QuestionId} is there twice."));
            }

            string Text(PersonAnswer? person)
            {
                var text = person?.Answer ?? throw new ConfigException(string.Create(CultureInfo.InvariantCulture, $"'{path}', question {annotation.QuestionId}: an answer is null."));
                if (!texts.TryGetValue(text, out var same))
                {
                    texts.Add(text, same = text); // ten people agree more often than not
                }

                return same;
            }
        }

        return answers;
    }

    private static IEnumerable<T> Items<T>(string path, string list, CancellationToken cancellation)
        where T : class
    {
        using var reader = Opened(path, list);
        for (var read = 0; Next(reader, read, path) is { } item; read++)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return item;
        }

        static T? Next(JsonListReader reader, int read, string path)
        {
            try
            {
                return reader.Next<T>(Json);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or IOException)
            {
                // InvalidOperationException: a string with half a surrogate pair.
                throw new ConfigException(FormattableString.Invariant($"'{path}' cannot be read behind its entry {read:N0}: {e.Message.ReplaceLineEndings(" ")}"));
            }
        }
    }

    private static JsonListReader Opened(string path, string list)
    {
        try
        {
            return new JsonListReader(path, list);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"'{path}' cannot be read: {e.Message}");
        }
    }

    [GeneratedRegex(@"mscoco_(?<part>[A-Za-z0-9-]+)_questions\.json\z")]
    private static partial Regex QuestionsName();

    private sealed record Given(long ImageId, string? Type, string[] Texts);

    private sealed record Question(
        [property: JsonPropertyName("question_id")] long QuestionId, [property: JsonPropertyName("image_id")] long ImageId, [property: JsonPropertyName("question")] string Text);

    private sealed record Annotation(
        [property: JsonPropertyName("question_id")] long QuestionId,
        [property: JsonPropertyName("image_id")] long ImageId,
        IReadOnlyList<PersonAnswer?> Answers,
        [property: JsonPropertyName("answer_type")] string? AnswerType = null);

    private sealed record PersonAnswer(string Answer);
}
