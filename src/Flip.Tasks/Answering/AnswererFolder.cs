using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Devices;
using Flip.Evaluation.Answering;
using Flip.Io;
using Flip.Models;
using Flip.Storage;
using Flip.Tasks.ImageTasks;
using Flip.Tokenizers;

namespace Flip.Tasks.Answering;

/// <summary>
/// A model that answers questions on disk: <c>answerer.safetensors</c>, <c>config.json</c> (of the model whose towers it has), <c>answerer.json</c> (its head),
/// <c>answers.json</c> and the tokenizer's files in one folder. A run's folder stands for the model in its <c>model/</c>.
/// </summary>
public static class AnswererFolder
{
    /// <summary>Name of the weights' file.</summary>
    public const string WeightsFile = "answerer.safetensors";

    /// <summary>Name of the head's file.</summary>
    public const string HeadFile = "answerer.json";

    /// <summary>Name of the answers' file.</summary>
    public const string AnswersFile = "answers.json";

    private const string Majority = "majority";

    private static readonly JsonSerializerOptions Json = new(ConfigJson.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly HeadFolder Folder = new(WeightsFile, "model that answers questions", ModelFolder.ConfigFile, HeadFile, AnswersFile);

    /// <summary>Writes a model's folder; the weights come last, so that a folder with weights is whole.</summary>
    public static void Save(string folder, LoadedAnswerer loaded)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        Directory.CreateDirectory(folder);
        loaded.Tokenizer.Save(folder, loaded.Config.Model.Text.Length);
        AtomicFile.WriteText(Path.Combine(folder, ModelFolder.ConfigFile), ConfigWriter.ToJson(loaded.Config));
        AtomicFile.WriteText(
            Path.Combine(folder, HeadFile), JsonSerializer.Serialize(new { loaded.Answerer.Head, loaded.QuestionOnly, loaded.Majority }, Json) + "\n");
        loaded.Answers.Save(Path.Combine(folder, AnswersFile));
        WeightFile.Save(Path.Combine(folder, WeightsFile), loaded.Answerer.Parameters);
    }

    /// <summary>Reads a model from its folder or from a finished run.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="compute">Where and in which number format it computes; null for fp32 on the processor.</param>
    /// <param name="trains">Makes room for gradients.</param>
    /// <exception cref="CheckpointFormatException">The folder holds no such model, or one that does not fit its configuration.</exception>
    public static LoadedAnswerer Load(string path, Compute? compute = null, bool trains = false)
    {
        var folder = Folder.Locate(path);
        var config = ModelFolder.ReadConfig(Path.Combine(folder, ModelFolder.ConfigFile));
        var (head, questionOnly, majority) = ReadHead(Path.Combine(folder, HeadFile));
        var answers = ReadAnswers(Path.Combine(folder, AnswersFile));
        var tokenizer = TokenizerFactory.Load(folder);
        config = ModelFolder.WithVocabulary(config, tokenizer);
        var answerer = Folder.Read(
            folder,
            config.Model,
            QuestionAnswerer.Declare(config.Model, head, answers.Count),
            compute,
            trains,
            (type, device) => new QuestionAnswerer(config.Model, head, answers.Count, type, device, seed: null, trains),
            made => made.Parameters);
        return new LoadedAnswerer(config, tokenizer, answers, answerer) { QuestionOnly = questionOnly, Majority = majority };
    }

    /// <summary>Whether there is such a model at a place.</summary>
    public static bool IsAnswerer(string path) => Folder.IsAt(path);

    private static (AnswerHeadConfig Head, bool QuestionOnly, string? Majority) ReadHead(string path)
    {
        try
        {
            var text = JsonInput.ReadText(path);
            var file = JsonNode.Parse(text) as JsonObject ?? throw new InvalidDataException("It is no object.");
            var majority = file[Majority] is { } answer ? answer.GetValueKind() == JsonValueKind.String ? answer.GetValue<string>() : throw new InvalidDataException($"'{Majority}' is no text.") : null;
            file.Remove(Majority);
            var config = RecipeFiles.Answering.Parse(file.ToJsonString(), path);
            return (config.Head, config.QuestionOnly, majority);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or JsonException or InvalidOperationException or ArgumentException)
        {
            // InvalidOperationException: a string with half a surrogate pair. ArgumentException: a name twice.
            throw new CheckpointFormatException(path, null, e.Message, e);
        }
    }

    private static AnswerVocabulary ReadAnswers(string path)
    {
        try
        {
            return AnswerVocabulary.Read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ConfigException)
        {
            throw new CheckpointFormatException(path, null, e.Message, e);
        }
    }
}
