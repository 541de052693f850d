namespace Flip.Server.Requests;

/// <summary>Something that is wrong with one field of a request.</summary>
/// <param name="Pointer">Where: a JSON pointer as a fragment, such as <c>#/input/0</c>; of other requests the name of the field or header.</param>
/// <param name="Detail">What, a whole sentence.</param>
public sealed record FieldProblem(string Pointer, string Detail);
