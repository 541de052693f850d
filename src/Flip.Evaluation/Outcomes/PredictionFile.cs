using System.Globalization;
using System.Text.Json;
using Flip.Io;

namespace Flip.Evaluation.Outcomes;

/// <summary><c>NAME.predictions.jsonl</c>: every image of a data set, one JSON object a line. The name is the data set's, without signs that not
/// every system has in names of files.</summary>
public static class PredictionFile
{
    /// <summary>The end of the file's name, after that of the data set.</summary>
    public const string Extension = ".predictions.jsonl";

    /// <summary>The files of data sets in a folder of results, by the data sets' names.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="dataSets">The names, all different, in the report's order.</param>
    public static IReadOnlyDictionary<string, string> PathsOf(string folder, IReadOnlyList<string> dataSets) => dataSets.Zip(ResultFileNames.Of(dataSets))
        .ToDictionary(set => set.First, set => Path.Combine(folder, set.Second + Extension), StringComparer.Ordinal);

    /// <summary>Writes the images in their order.</summary>
    public static void Write(string path, EvaluationOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        AtomicFile.Write(path, stream =>
        {
            foreach (var image in outcome.Images)
            {
                JsonSerializer.Serialize(stream, image, image.GetType(), StrictJson.Line);
                stream.Write("\n"u8);
            }
        });
    }

    /// <summary>Reads what a classifier made of images.</summary>
    /// <param name="path">The file.</param>
    /// <param name="classNames">Names in the order of the labels.</param>
    /// <exception cref="InvalidDataException">A line is no such record; the message has its number.</exception>
    public static ClassificationOutcome ReadClassification(string path, IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        var predictions = Read<Prediction>(path, prediction => prediction.Problem(classNames.Count));
        return Outcome(path, () => new ClassificationOutcome(classNames, predictions));
    }

    /// <summary>Reads how images and texts found each other.</summary>
    /// <inheritdoc cref="ReadClassification"/>
    public static RetrievalOutcome ReadRetrieval(string path)
    {
        var predictions = Read<RetrievalPrediction>(path, prediction => prediction.Problem());
        return Outcome(path, () => new RetrievalOutcome(predictions));
    }

    /// <summary>Reads what was written of images.</summary>
    /// <inheritdoc cref="ReadClassification"/>
    public static CaptionOutcome ReadCaptions(string path)
    {
        var predictions = Read<CaptionPrediction>(path, prediction => prediction.Problem());
        return Outcome(path, () => new CaptionOutcome(predictions));
    }

    /// <summary>Reads what was answered to questions.</summary>
    /// <inheritdoc cref="ReadClassification"/>
    public static AnswerOutcome ReadAnswers(string path)
    {
        var predictions = Read<AnswerPrediction>(path, prediction => prediction.Problem());
        return Outcome(path, () => new AnswerOutcome(predictions));
    }

    private static List<T> Read<T>(string path, Func<T, string?> problem)
        where T : class, IPrediction
    {
        var predictions = new List<T>();
        using var text = TextFile.Open(path);
        foreach (var line in TextFile.Lines(text, path))
        {
            try
            {
                var prediction = JsonSerializer.Deserialize<T>(JsonInput.Checked(line), StrictJson.Line) ?? throw new JsonException("null is no record");
                var wrong = prediction.Key.Any(char.IsControl) ? "the key has a control character" : problem(prediction);
                predictions.Add(wrong is null ? prediction : throw new JsonException(wrong));
            }
            catch (JsonException e)
            {
                throw new InvalidDataException(string.Create(
                    CultureInfo.InvariantCulture, $"{path}, line {predictions.Count + 1}: {StrictJson.Message(e)}."));
            }
        }

        return predictions;
    }

    private static T Outcome<T>(string path, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (ConfigException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}");
        }
    }
}
