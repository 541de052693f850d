using System.Text.Json.Serialization;

namespace Flip.Server.Requests;

/// <summary>Something that is wrong with one field of a request.</summary>
/// <param name="Place">Where: a JSON pointer as a fragment, such as <c>#/input/0</c>; of other requests the name of the field or header.</param>
/// <param name="Detail">What, a whole sentence.</param>
public sealed record FieldProblem([property: JsonPropertyName("pointer")] string Place, string Detail);
