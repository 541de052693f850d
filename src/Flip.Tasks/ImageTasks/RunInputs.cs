using System.Text.Encodings.Web;
using System.Text.Json;
using Flip.Io;
using Flip.Training;

namespace Flip.Tasks.ImageTasks;

/// <summary>What a training reads, as <c>inputs.json</c> of its run has it: a record of paths.</summary>
public static class RunInputs
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // a file for people: paths stay as they are
    };

    /// <summary>Writes them into a run.</summary>
    public static void Save<TInputs>(RunFolder run, TInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(run);
        AtomicFile.WriteText(Path.Combine(run.Path, RunFolder.InputsFile), JsonSerializer.Serialize(inputs, Json) + "\n");
    }

    /// <summary>Reads those of a run.</summary>
    /// <param name="run">The run's folder.</param>
    /// <param name="command">The command whose run it should be.</param>
    /// <param name="isWhole">Whether nothing is missing.</param>
    /// <exception cref="ConfigException">It is not.</exception>
    public static TInputs Load<TInputs>(string run, string command, Func<TInputs, bool> isWhole)
        where TInputs : class
    {
        ArgumentNullException.ThrowIfNull(isWhole);
        var path = Path.Combine(run, RunFolder.InputsFile);
        try
        {
            return JsonSerializer.Deserialize<TInputs>(JsonInput.Read(path).Span, Json) is { } inputs && isWhole(inputs)
                ? inputs
                : throw new ConfigException($"{path}: names no model, training and test data.");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"{run} is no run of flip {command}: {(e is FileNotFoundException ? $"it has no {RunFolder.InputsFile}." : e.Message)}");
        }
    }
}
