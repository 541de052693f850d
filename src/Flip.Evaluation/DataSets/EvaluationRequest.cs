using Flip.Evaluation.Embedding;

namespace Flip.Evaluation.DataSets;

/// <summary>An evaluation on data sets as a user asks for it.</summary>
/// <param name="Model">The model.</param>
/// <param name="On">Data sets, see <see cref="WrittenDataSet"/>.</param>
/// <param name="DataRoot">Folder with a folder for each known data set; null where paths are given.</param>
/// <param name="Classes">File of class names for the user's own data; null takes what the data say.</param>
/// <param name="Prompts">What is said of each class.</param>
/// <param name="Cache">Folder that keeps features and classifiers; null for the user's own cache.</param>
/// <param name="Out">Folder for the results; null for none.</param>
/// <param name="AllowMissing">Whether images that cannot be read are left out and counted.</param>
/// <param name="AllowOutside">Whether lists, descriptions and links may name what lies outside their folder.</param>
/// <param name="Samples">Replicates of the bootstrap.</param>
/// <param name="Mask">How images are seen.</param>
/// <param name="Settings">Settings of the model, <c>key=value</c>.</param>
public sealed record EvaluationRequest(
    string Model,
    IReadOnlyList<string> On,
    string? DataRoot,
    string? Classes,
    PromptChoice Prompts,
    string? Cache,
    string? Out,
    bool AllowMissing,
    bool AllowOutside,
    int Samples,
    MaskChoice Mask,
    IReadOnlyList<string> Settings);
