using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Flip.Io;
using Flip.Training;

namespace Flip.Tasks.Pretraining;

/// <summary>What a finished training says of itself, <c>results.json</c>.</summary>
/// <param name="Samples">Pairs seen.</param>
/// <param name="Steps">Steps.</param>
/// <param name="Seconds">Seconds of training.</param>
/// <param name="BadSamples">Samples that could not be used, by cause.</param>
/// <param name="Scores">Numbers of the last evaluation.</param>
public sealed record RunResults(
    long Samples, long Steps, double Seconds, IReadOnlyDictionary<string, long> BadSamples, IReadOnlyDictionary<string, double> Scores)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The results of a training.</summary>
    public static RunResults Of(TrainingResult trained)
    {
        ArgumentNullException.ThrowIfNull(trained);
        var state = trained.State;
        return new RunResults(state.Samples, state.Steps, state.Seconds, state.BadSamples, trained.Scores);
    }

    /// <summary>The results of a run; null where it is not finished, or has some other file of that name.</summary>
    public static RunResults? Of(RunFolder run)
    {
        ArgumentNullException.ThrowIfNull(run);
        try
        {
            return File.Exists(run.ResultsFile) ? JsonSerializer.Deserialize<RunResults>(JsonInput.Read(run.ResultsFile).Span, Json) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The file's text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Writes them into a run, whose folder this process holds.</summary>
    public void Write(RunFolder run)
    {
        ArgumentNullException.ThrowIfNull(run);
        AtomicFile.WriteText(run.ResultsFile, ToJson() + "\n");
    }
}
