using System.Text.Encodings.Web;
using System.Text.Json;
using Flip.Io;
using Flip.Training;

namespace Flip.Tasks.Finetuning;

/// <summary>What a fine-tuning reads, as <c>inputs.json</c> of its run has it.</summary>
/// <param name="Model">The model whose tower is tuned.</param>
/// <param name="Train">Labelled training images.</param>
/// <param name="Tests">Labelled test sets.</param>
/// <param name="Classes">File of class names, or null.</param>
/// <param name="WiseFt">Shares of fine-tuned weights to measure after training.</param>
public sealed record FinetuneInputs(
    string Model, string Train, IReadOnlyList<string> Tests, string? Classes, IReadOnlyList<double> WiseFt)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // a file for people: paths stay as they are
    };

    public void Save(RunFolder run) =>
        AtomicFile.WriteText(Path.Combine(run.Path, RunFolder.InputsFile), JsonSerializer.Serialize(this, Json) + "\n");

    /// <exception cref="ConfigException">The folder is no fine-tuning's.</exception>
    public static FinetuneInputs Load(string run)
    {
        var path = Path.Combine(run, RunFolder.InputsFile);
        try
        {
            return JsonSerializer.Deserialize<FinetuneInputs>(JsonInput.Read(path).Span, Json) is { Model: not null, Train: not null, Tests: not null } inputs
                && !inputs.Tests.Contains(null!)
                ? inputs with { WiseFt = inputs.WiseFt ?? [] }
                : throw new ConfigException($"{path}: names no model, training and test images.");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"{run} is no run of flip finetune: {(e is FileNotFoundException ? $"it has no {RunFolder.InputsFile}." : e.Message)}");
        }
    }
}
